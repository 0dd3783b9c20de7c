// Dragging a visit to a gap opens the page that asks, as the list of free times does; nothing changes before it.
(() => {
  const HOLD = 350; // a finger rests this long before it drags: until then it scrolls
  const FAR = 6; // so many pixels are a drag, fewer a click
  let drag = null;

  // The gap under a point, and the time at that height of it: the grid has equal rows.
  const under = (x, y) => {
    const gap = document.elementFromPoint(x, y)?.closest(".cal .cal-gap");
    if (!gap) return null;
    const box = gap.closest("td").getBoundingClientRect();
    const rows = Number(gap.dataset.rows);
    const row = Math.min(rows - 1, Math.max(0, Math.floor(((y - box.top) / box.height) * rows)));
    const minutes = row * Number(gap.closest("table").dataset.step);
    const [provider, location, at] = gap.dataset.slot.split("-");
    const iso = at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
    const moment = new Date(new Date(iso).getTime() + minutes * 60000);
    const written = moment.toISOString().replace(/[-:]|\.\d+/g, "");
    const wall = Number(gap.dataset.at) + minutes;
    const two = (number) => String(number).padStart(2, "0");
    const label = `${two(Math.floor(wall / 60))}:${two(wall % 60)}, ${gap.dataset.who}`;
    return { gap, slot: `${provider}-${location}-${written}`, label };
  };

  const lift = () => {
    drag.lifted = true;
    drag.item.classList.add("is-lifted");
    drag.ghost = document.createElement("div");
    drag.ghost.className = "cal-ghost";
    document.body.append(drag.ghost);
    show(drag.x, drag.y);
  };

  const show = (x, y) => {
    drag.over?.gap.classList.remove("is-target");
    drag.over = under(x, y);
    drag.over?.gap.classList.add("is-target");
    drag.ghost.textContent = drag.over?.label ?? "Not free";
    drag.ghost.style.left = `${x}px`;
    drag.ghost.style.top = `${y}px`;
  };

  const drop = () => {
    if (!drag) return;
    clearTimeout(drag.timer);
    drag.item.classList.remove("is-lifted");
    drag.over?.gap.classList.remove("is-target");
    drag.ghost?.remove();
    drag = null;
  };

  document.addEventListener("pointerdown", (event) => {
    const item = event.button === 0 && event.target.closest?.(".cal [data-move]");
    if (!item) return;
    drop();
    drag = { item, id: event.pointerId, x: event.clientX, y: event.clientY, finger: event.pointerType === "touch" };
    if (drag.finger) drag.timer = setTimeout(lift, HOLD);
  });

  document.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.id) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > FAR;
    if (!drag.lifted && far) {
      if (drag.finger) return drop();
      lift();
    }
    if (drag?.lifted) show(event.clientX, event.clientY);
  });

  document.addEventListener("pointerup", (event) => {
    if (event.pointerId !== drag?.id) return;
    const { lifted, over, item } = drag;
    drop();
    if (!lifted) return;
    // The click that follows belongs to the drag, not to the link.
    const still = (click) => click.preventDefault();
    addEventListener("click", still, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", still, { capture: true }), 0);
    if (over) location.assign(`${item.dataset.move}?slot=${over.slot}`);
  });

  document.addEventListener("pointercancel", drop);
  document.addEventListener("keydown", (event) => event.key === "Escape" && drop());
  document.addEventListener("dragstart", (event) => event.target.closest?.("[data-move]") && event.preventDefault());
  document.addEventListener("contextmenu", (event) => drag?.finger && event.preventDefault());
  document.addEventListener("touchmove", (event) => drag?.lifted && event.preventDefault(), { passive: false });

  // A gap that is clicked opens at the time that was clicked; by keyboard at its beginning.
  document.addEventListener("click", (event) => {
    const there = event.detail && event.target.closest?.(".cal .cal-gap") ? under(event.clientX, event.clientY) : null;
    if (there) there.gap.href = `/staff/calendar/gap?slot=${there.slot}`;
  });
})();
