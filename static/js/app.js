// What every page needs beyond htmx: focus after a swap, words when the line is dead, a button that shows it is waiting.
(() => {
  const focus = (element) => {
    if (!element) return;
    if (element.tabIndex < 0 && !element.hasAttribute("tabindex")) element.tabIndex = -1;
    element.focus();
  };

  const say = (words) => {
    const line = document.createElement("p");
    line.className = "notice is-warn is-lost";
    line.textContent = words;
    document.getElementById("announcer")?.replaceChildren(line);
  };

  const rest = (root) => root.querySelectorAll('[aria-busy="true"]').forEach((it) => it.removeAttribute("aria-busy"));

  // A rule's answer names what to read next: HX-Trigger: {"portal:focus": {"sel": "#heading"}}
  document.addEventListener("portal:focus", (event) => focus(document.querySelector(event.detail.sel)));

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx.text?.includes("error-summary")) focus(document.querySelector(".error-summary"));
  });
  focus(document.querySelector(".error-summary"));

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) say("That did not reach us. Check your connection and try again.");
  });

  document.addEventListener("submit", (event) => {
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => rest(document), 10000); // a form that answers with a file leaves the page where it is
  });
  document.addEventListener("htmx:finally:request", () => rest(document));
  addEventListener("pageshow", () => rest(document)); // Back, out of the browser's memory

  // A screen reader hears a live region only when it changes: give it what the page already brought.
  const announcer = document.getElementById("announcer");
  const brought = announcer ? [...announcer.children] : [];
  if (brought.length) setTimeout(() => announcer.replaceChildren(...brought), 200);

  document.querySelector(".staff-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
})();
