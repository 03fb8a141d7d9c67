"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words, aspects, items } = data;
  const CHOICES = [["left", "1"], ["right", "2"], ["tie", "3"], ["unknown", "0"]];
  const PLACE = "csc-dspy-form-" + data.form;
  const at = (id) => document.getElementById(id);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const make = (tag, text, kind) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (kind) element.className = kind;
    return element;
  };

  const blank = () => ({ rater: "", place: 0, answers: items.map(() => ({})) });
  let state = recall() || blank();
  let active = 0;

  // Only what this form could have written itself is taken up again.
  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(PLACE));
      const answers = items.map((_, index) => Object.fromEntries(aspects
        .map(({ id }) => [id, kept.answers[index][id]])
        .filter(([, choice]) => CHOICES.some(([name]) => name === choice))));
      return { rater: String(kept.rater), place: clamp(Number(kept.place) || 0), answers };
    } catch { return null; }
  }

  function keep() {
    try { localStorage.setItem(PLACE, JSON.stringify(state)); } catch {
      at("warning").textContent = words.no_memory;
      at("warning").hidden = false;
    }
  }

  function clamp(place) { return Math.min(Math.max(Math.trunc(place), 0), items.length - 1); }
  const complete = (answer) => aspects.every(({ id }) => answer[id]);
  const firstOpen = () => Math.max(aspects.findIndex(({ id }) => !state.answers[state.place][id]), 0);

  function go(place) {
    state.place = clamp(place);
    active = firstOpen();
    keep();
    showItem();
    showAnswers();
  }

  function answer(index, choice) {
    state.answers[state.place][aspects[index].id] = choice;
    active = Math.min(index + 1, aspects.length - 1);
    at("said").textContent = "";
    at("text").hidden = true;
    keep();
    showAnswers();
  }

  function showItem() {
    const item = items[state.place];
    const turns = item.history.map((turn) => {
      const line = make("p", "", turn.speaker);
      line.append(make("b", turn.name), turn.text);
      return line;
    });
    at("history").replaceChildren(...(turns.length ? turns : [make("p", words.beginning)]));
    at("history").scrollTop = at("history").scrollHeight;
    at("left").textContent = item.left;
    at("right").textContent = item.right;
  }

  function showAnswers() {
    const done = state.answers.filter(complete).length;
    at("progress").textContent = fill(words.progress, { place: state.place + 1, count: items.length, done });
    at("done").max = items.length;
    at("done").value = done;
    at("previous").disabled = state.place === 0;
    at("next").disabled = at("onward").disabled = state.place === items.length - 1;
    aspects.forEach(({ id }, index) => {
      at("question-" + id).className = index === active ? "active" : "";
      for (const [choice] of CHOICES) {
        at(id + "-" + choice).setAttribute("aria-pressed", String(state.answers[state.place][id] === choice));
      }
    });
  }

  function question({ id, name, question: asked }, index) {
    const field = make("fieldset", "");
    field.id = "question-" + id;
    const choices = make("div", "", "choices");
    for (const [choice, key] of CHOICES) {
      const button = make("button", "");
      button.type = "button";
      button.id = id + "-" + choice;
      button.append(make("kbd", key), " " + words[choice]);
      button.addEventListener("click", () => answer(index, choice));
      choices.append(button);
    }
    field.append(make("legend", name), make("p", asked), choices);
    return field;
  }

  function exported() {
    const rater = at("rater").value.trim();
    if (!rater) {
      at("said").textContent = words.no_rater;
      at("rater").focus();
      return null;
    }
    const answers = { format: 1, form: data.form, rater, answers: state.answers };
    return { name: `answers-${data.form}-${rater.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`,
      text: JSON.stringify(answers, null, 1) + "\n" };
  }

  function say(text) {
    const open = state.answers.map((each, index) => complete(each) ? -1 : index).filter((index) => index >= 0);
    const missing = open.length ? " " + fill(words.incomplete, { count: open.length, first: open[0] + 1 }) : "";
    at("said").textContent = text + missing;
  }

  function download() {
    const file = exported();
    if (!file) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file.text], { type: "application/json" }));
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(words.saved);
  }

  async function copy() {
    const file = exported();
    if (!file) return;
    at("text").value = file.text;
    at("text").hidden = false;
    at("text").select();
    // Said first: the browser may ask whether we may, or never answer.
    say(words.copy_yourself);
    try {
      await navigator.clipboard.writeText(file.text);
      say(words.copied);
    } catch { /* the text is there to be copied by hand */ }
  }

  function pressed(event) {
    const typing = event.target.matches("input, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = CHOICES.find(([, key]) => key === event.key);
    if (choice) {
      const last = active === aspects.length - 1;
      answer(active, choice[0]);
      if (last && complete(state.answers[state.place])) go(state.place + 1);
    } else if (event.key === "ArrowLeft") go(state.place - 1);
    else if (event.key === "ArrowRight") go(state.place + 1);
    else return;
    event.preventDefault();
  }

  for (const element of document.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  at("questions").replaceChildren(...aspects.map(question));
  at("guide").replaceChildren(...data.guide.flatMap(({ name, text }) => [make("dt", name), make("dd", text)]));
  at("rater").value = state.rater;
  at("rater").addEventListener("input", () => { state.rater = at("rater").value; keep(); });
  at("previous").addEventListener("click", () => go(state.place - 1));
  at("next").addEventListener("click", () => go(state.place + 1));
  at("onward").addEventListener("click", () => {
    go(state.place + 1);
    at("progress").scrollIntoView({ block: "start" });
  });
  at("download").addEventListener("click", download);
  at("copy").addEventListener("click", copy);
  document.addEventListener("keydown", pressed);
  go(state.place);
})();
