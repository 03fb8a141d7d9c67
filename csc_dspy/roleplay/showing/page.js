// Finds conversations by their words, and by a strategy in them.
(() => {
  "use strict";
  const form = document.getElementById("filters");
  const list = document.getElementById("list");
  const count = document.getElementById("count");
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const talks = [...list.children].map((node) => ({ node, text: null, strategies: node.dataset.s.split(" ") }));
  // Reading all texts takes a moment, and not everyone searches.
  const textOf = (talk) => (talk.text ??= fold(talk.node.textContent));

  const filter = () => {
    const words = fold(form.elements.q.value).split(/\s+/).filter(Boolean);
    const strategy = form.elements.strategy.value;
    let shown = 0;
    for (const talk of talks) {
      const fits =
        (!strategy || talk.strategies.includes(strategy)) && words.every((word) => textOf(talk).includes(word));
      talk.node.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${talks.length} conversations shown.`;
  };

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
