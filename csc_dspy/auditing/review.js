"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, items, dialogues, strategies, stages } = data;
  const PLACE = "csc-dspy-review-" + data.audit;
  const at = (id) => document.getElementById(id);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const known = (members, id) => members.some((each) => each.id === id);
  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  // A decision has `decision`: keep, change or unsure; with change `strategy` or `stage` or both.
  let state = recall() || { who: "", place: 0, decisions: items.map(() => ({})) };

  // Only what this page could have written itself is taken up again. A decision belongs to its turn, not to a
  // place: another sheet of the same corpus may rank otherwise.
  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(PLACE));
      return { who: String(kept.who), place: clamp(Number(kept.place) || 0),
        decisions: items.map((item) => sound(kept.decisions[name(item)])) };
    } catch { return null; }
  }

  function name(item) { return item.dialogue + "#" + item.turn; }

  function sound(kept) {
    const found = {};
    if (!kept || typeof kept !== "object") return found;
    if (["keep", "change", "unsure"].includes(kept.decision)) found.decision = kept.decision;
    if (known(strategies, kept.strategy)) found.strategy = kept.strategy;
    if (known(stages, kept.stage)) found.stage = kept.stage;
    if (typeof kept.note === "string") found.note = kept.note;
    if (typeof kept.when === "string") found.when = kept.when;
    return found;
  }

  function keep() {
    const decisions = Object.fromEntries(items.map((item, index) => [name(item), state.decisions[index]]));
    try { localStorage.setItem(PLACE, JSON.stringify({ ...state, decisions })); } catch {
      at("warning").textContent = words.no_memory;
      at("warning").hidden = false;
    }
  }

  function clamp(place) { return Math.min(Math.max(Math.trunc(place), 0), items.length - 1); }

  function go(place) {
    state.place = clamp(place);
    keep();
    showItem();
    showDecision();
  }

  function decide(change) {
    const decision = { ...state.decisions[state.place], ...change, when: new Date().toISOString() };
    if (decision.decision !== "change") { delete decision.strategy; delete decision.stage; }
    for (const field of ["strategy", "stage"]) if (!decision[field]) delete decision[field];
    if (decision.decision === "change" && !decision.strategy && !decision.stage) delete decision.decision;
    state.decisions[state.place] = decision;
    at("said").textContent = "";
    keep();
    showDecision();
  }

  function showItem() {
    const item = items[state.place];
    const turns = dialogues[item.dialogue].map((turn, index) => {
      const line = make("p", "", turn.speaker + (index === item.turn ? " doubtful" : ""));
      line.append(make("b", turn.label ? turn.name + " · " + turn.label : turn.name), turn.text);
      if (index === item.turn) line.setAttribute("aria-current", "true");
      return line;
    });
    const history = at("history");
    history.replaceChildren(...turns);
    const own = turns[item.turn];
    history.scrollTop = own.offsetTop - history.offsetTop - (history.clientHeight - own.offsetHeight) / 2;
    at("dialogue").textContent = item.dialogue + " #" + item.turn;
    at("given").textContent = [item.strategy, item.stage].filter(Boolean).map((each) => each.name).join(" · ");
    at("why").textContent = item.why;
    at("evidence").replaceChildren(...item.evidence.map((each) => make("li", each)));
    at("choices").replaceChildren(choice("keep", "K", words.keep),
      ...item.proposed.slice(0, 3).map((each, index) => choice(each.id, String(index + 1), each.name, each.share)),
      choice("unsure", "U", words.unsure));
    options("strategy", strategies, item.strategy);
    options("stage", stages, item.stage);
    at("stages").hidden = !item.stage;
    at("note").value = state.decisions[state.place].note || "";
  }

  function choice(id, key, text, share) {
    const button = make("button", "");
    button.type = "button";
    button.id = "choose-" + id;
    button.append(make("kbd", key), " " + text);
    if (share !== undefined) button.append(" ", make("span", Math.round(100 * share) + " %", "share"));
    button.addEventListener("click", () => choose(id));
    return button;
  }

  function choose(id) {
    if (id === "keep" || id === "unsure") decide({ decision: id });
    else decide({ decision: "change", strategy: id });
  }

  function options(id, members, given) {
    const blank = make("option", words.unchanged);
    blank.value = "";
    at(id).replaceChildren(blank, ...members.filter((each) => !given || each.id !== given.id).map((each) => {
      const option = make("option", each.name);
      option.value = each.id;
      return option;
    }));
  }

  function showDecision() {
    const decided = state.decisions[state.place];
    const done = state.decisions.filter((each) => each.decision).length;
    at("progress").textContent = fill(words.progress, { place: state.place + 1, count: items.length, done });
    at("done").max = items.length;
    at("done").value = done;
    at("previous").disabled = state.place === 0;
    at("next").disabled = state.place === items.length - 1;
    const chosen = decided.decision === "change" ? decided.strategy : decided.decision;
    for (const button of at("choices").children) {
      button.setAttribute("aria-pressed", String(button.id === "choose-" + chosen));
    }
    at("strategy").value = decided.strategy || "";
    at("stage").value = decided.stage || "";
  }

  function exported() {
    const decisions = items.map((item, index) => ({ item, decided: state.decisions[index] }))
      .filter(({ decided }) => decided.decision)
      .map(({ item, decided }) => ({ dialogue: item.dialogue, turn: item.turn,
        text: dialogues[item.dialogue][item.turn].text,
        given_strategy: item.strategy.id, given_stage: item.stage ? item.stage.id : "",
        decision: decided.decision, new_strategy: decided.strategy || "", new_stage: decided.stage || "",
        note: decided.note || "", when: decided.when || "" }));
    return { format: 1, audit: data.audit, who: state.who.trim(), decisions };
  }

  function download() {
    if (!state.who.trim()) {
      at("said").textContent = words.no_name;
      at("who").focus();
      return;
    }
    const content = exported();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1) + "\n"], { type: "application/json" }));
    link.download = `decisions-${data.audit.slice(0, 8)}-${content.who.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    at("said").textContent = fill(words.saved, { done: content.decisions.length, count: items.length });
  }

  function pressed(event) {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const button = [...at("choices").children].find((each) =>
      each.querySelector("kbd").textContent === event.key.toUpperCase());
    if (button) {
      button.click();
      go(state.place + 1);
    } else if (event.key === "ArrowLeft") go(state.place - 1);
    else if (event.key === "ArrowRight") go(state.place + 1);
    else return;
    event.preventDefault();
  }

  function pick(field) {
    const value = at(field).value;
    const other = state.decisions[state.place][field === "strategy" ? "stage" : "strategy"];
    decide({ decision: value || other ? "change" : undefined, [field]: value });
  }

  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  at("guide").replaceChildren(...strategies.flatMap(({ name: title, text }) => [make("dt", title), make("dd", text)]));
  at("who").value = state.who;
  at("who").addEventListener("input", () => { state.who = at("who").value; keep(); });
  at("note").addEventListener("input", () => { state.decisions[state.place].note = at("note").value; keep(); });
  at("strategy").addEventListener("change", () => pick("strategy"));
  at("stage").addEventListener("change", () => pick("stage"));
  at("previous").addEventListener("click", () => go(state.place - 1));
  at("next").addEventListener("click", () => go(state.place + 1));
  at("download").addEventListener("click", download);
  document.addEventListener("keydown", pressed);
  go(state.place);
})();
