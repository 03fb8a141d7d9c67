// Filters the conversations. What is chosen is kept in the address, so that it can be passed on.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  if (!form) return;
  const list = document.getElementById("list");
  const contexts = list.dataset.contexts.split(" ");
  const count = document.getElementById("count");
  const fields = [...form.elements].filter((field) => field.name);
  const fold = (text) => text.normalize("NFKC").toLowerCase();

  const dialogues = [...list.children].map((node) => ({
    node,
    language: node.dataset.l,
    text: null,
    turns: [...node.querySelectorAll(".turn")].map((turn) => ({
      node: turn,
      expected: turn.dataset.e,
      answers: [...turn.children].slice(1).map((cell, place) => ({
        context: contexts[place],
        predicted: cell.dataset.p ?? turn.dataset.e,
        wrong: "w" in cell.dataset,
        failed: "f" in cell.dataset,
      })),
    })),
  }));

  // Reading all texts takes a moment, and not everyone searches.
  const textOf = (dialogue) =>
    (dialogue.text ??= fold(
      [...dialogue.node.querySelectorAll("p, summary")].map((each) => each.textContent).join("\n"),
    ));

  const chosen = () =>
    Object.fromEntries(
      fields
        .map((field) => [field.name, field.type === "checkbox" ? (field.checked ? "1" : "") : field.value.trim()])
        .filter(([, value]) => value),
    );

  const choose = (wanted) => {
    for (const field of fields) {
      const value = wanted.get(field.name) ?? "";
      if (field.type === "checkbox") field.checked = value === "1";
      else field.value = value;
      if (field.selectedIndex === -1) field.selectedIndex = 0;
    }
  };

  const fits = (turn, answer, wanted) =>
    (!wanted.context || answer.context === wanted.context) &&
    (!wanted.expected || turn.expected === wanted.expected) &&
    (!wanted.predicted || answer.predicted === wanted.predicted) &&
    (!wanted.wrong || answer.wrong) &&
    (!wanted.failed || answer.failed);

  const filter = () => {
    const wanted = chosen();
    const words = fold(wanted.q ?? "").split(/\s+/).filter(Boolean);
    const byAnswer = Boolean(wanted.expected || wanted.predicted || wanted.wrong || wanted.failed);
    let shown = 0;
    let answers = 0;
    for (const dialogue of dialogues) {
      let found = 0;
      for (const turn of dialogue.turns) {
        const fitting = turn.answers.filter((answer) => fits(turn, answer, wanted)).length;
        turn.node.classList.toggle("match", byAnswer && fitting > 0);
        found += fitting;
      }
      const visible =
        (!byAnswer || found > 0) &&
        (!wanted.language || dialogue.language === wanted.language) &&
        words.every((word) => textOf(dialogue).includes(word));
      dialogue.node.hidden = !visible;
      shown += visible;
      answers += visible ? found : 0;
    }
    list.dataset.context = wanted.context ?? "";
    const matching = byAnswer ? ` with ${answers} matching ${answers === 1 ? "answer" : "answers"}` : "";
    count.textContent = `${shown} of ${dialogues.length} conversations shown${matching}.`;
    return new URLSearchParams(wanted).toString();
  };

  const keep = () => {
    const state = filter();
    history.replaceState(null, "", state ? `#${state}` : "#conversations");
  };

  const follow = () => {
    const state = location.hash.slice(1);
    if (state.includes("=")) {
      choose(new URLSearchParams(state));
      document.getElementById("conversations").scrollIntoView();
    }
    filter();
  };

  const openAll = (open) => dialogues.forEach(({ node }) => (node.open = open && !node.hidden));

  form.addEventListener("input", keep);
  form.addEventListener("submit", (event) => event.preventDefault());
  // The fields are empty only after the event.
  form.addEventListener("reset", () => setTimeout(keep));
  document.getElementById("open").addEventListener("click", () => openAll(true));
  document.getElementById("close").addEventListener("click", () => openAll(false));
  addEventListener("hashchange", follow);
  form.hidden = false;
  follow();
})();
