// What a questionnaire's own controls need beyond HTML; every one of them works without this file.
(() => {
  const changed = (it) =>
    it.type === "radio" || it.type === "checkbox" ? it.checked !== it.defaultChecked : it.value !== it.defaultValue;

  // Answers are sent one after the other; each carries what the page holds when its turn comes, not when it was typed.
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    const question = ctx.sourceElement.closest(".to-answer");
    const form = question?.closest("form");
    if (!form) return;
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    for (const name of ["only", "more"]) if (ctx.request.body.has(name)) body.set(name, ctx.request.body.get(name));
    ctx.request.body = body;
  });

  // A section that comes anew leaves alone what somebody is typing into it.
  document.addEventListener("htmx:before:morph:node", (event) => {
    const { oldNode, newNode } = event.detail;
    if (!oldNode.matches?.(".answering input:not([type=hidden]), .answering textarea")) return;
    if (oldNode.type === newNode.type && oldNode.name === newNode.name && changed(oldNode)) event.preventDefault();
  });

  // Photos that were chosen are sent at once, with all that the section holds.
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".photos input[type=file]") || !event.target.files.length) return;
    const button = event.target.closest(".photos").querySelector("button[value=photos]");
    if (button) event.target.form.requestSubmit(button);
  });
})();
