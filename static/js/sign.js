// The signing pad of partials/_signature.html: strokes survive a resize and travel as JSON in a hidden field.
(() => {
  const root = document.querySelector("[data-signature]");
  if (!root) return;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const canvas = document.getElementById("signature-canvas");
  const field = document.getElementById("strokes");
  const methods = root.querySelectorAll('input[name="method"]');
  const pad = new SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.4 });

  const ink = () => getComputedStyle(canvas).color;
  const show = (strokes) => {
    pad.penColor = ink();
    pad.fromData(strokes.map((stroke) => ({ ...stroke, penColor: pad.penColor })));
  };

  // A canvas forgets its picture when its size changes, so it is drawn again from the strokes.
  let width = 0;
  const fit = () => {
    const box = canvas.getBoundingClientRect();
    if (!box.width || Math.round(box.width) === width) return;
    width = Math.round(box.width);
    const strokes = pad.toData();
    const scale = Math.max(devicePixelRatio || 1, 1);
    canvas.width = box.width * scale;
    canvas.height = box.height * scale;
    canvas.getContext("2d").scale(scale, scale);
    pad.clear();
    show(strokes);
  };

  const keep = (words = "") => {
    const strokes = pad.toData();
    field.value = strokes.length ? JSON.stringify(strokes.map((stroke) => ({ points: stroke.points }))) : "";
    root.querySelectorAll("[data-do]").forEach((button) => (button.disabled = !strokes.length));
    part("said").textContent = words;
  };

  const choose = () => {
    const drawn = root.querySelector('input[name="method"]:checked')?.value === "drawn";
    part("drawn").hidden = !drawn;
    part("typed").hidden = drawn;
    if (drawn) fit();
  };

  const earlier = () => {
    try {
      return JSON.parse(field.value || "[]");
    } catch {
      return [];
    }
  };

  pad.addEventListener("endStroke", () => keep());
  root.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    if (!what) return;
    const strokes = what === "undo" ? pad.toData().slice(0, -1) : [];
    pad.clear();
    show(strokes);
    keep(what === "undo" ? "The last stroke is gone." : "The box is empty.");
    canvas.focus();
  });
  methods.forEach((method) => method.addEventListener("change", choose));
  new ResizeObserver(fit).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    const strokes = pad.toData();
    pad.clear();
    show(strokes);
  });

  // With scripts, drawing is offered first, unless the person came back with a name typed.
  part("choice").hidden = false;
  const typed = root.querySelector('input[name="full_name"]')?.value.trim() || root.querySelector('[data-part="typed"] .error');
  const chosen = "chosen" in root.dataset; // the page came back: what was chosen stays so
  if (!typed && !chosen) methods.forEach((method) => (method.checked = method.value === "drawn"));
  choose();
  const strokes = earlier();
  fit();
  if (strokes.length) show(strokes);
  keep();
})();
