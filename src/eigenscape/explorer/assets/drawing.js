/* Writes an answer of the server into the page: numbers, tables, and the data of figures.

   plotly.js gets the data directly. What is in sight is drawn at once; the rest when the controls have rested, or when it
   is scrolled into sight. */
(function () {
  "use strict";

  const REST = 150; // ms without an answer after which what is out of sight is drawn
  const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array };
  const later = new Map(); // id of a figure or table -> what draws it
  let timer = 0;

  function numbers(packed) {
    const text = atob(packed.bdata), bytes = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
    return new KINDS[packed.dtype](bytes.buffer);
  }

  function inSight(element) {
    const box = element.getBoundingClientRect();
    return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
  }

  function drawFigure(id, change) {
    const figure = document.querySelector(`#${id} .js-plotly-plot`);
    if (!figure || !figure.data) return;
    change.traces.forEach((trace, place) => {
      for (const [name, packed] of Object.entries(trace)) figure.data[place][name] = numbers(packed);
    });
    if (change.annotations) figure.layout.annotations = change.annotations;
    const scene = figure._fullLayout.scene?._scene;
    if (scene) figure.layout.scene.camera = scene.getCamera(); // also while it is being turned
    window.Plotly.redraw(figure);
  }

  function cell(tag, text, scope) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (scope) made.scope = scope;
    return made;
  }

  function writeTable(id, content) {
    const table = document.createElement("table");
    table.append(cell("caption", content.caption));
    const head = table.createTHead().insertRow();
    head.append(...content.header.map((name) => cell("th", name, "col")));
    const body = table.createTBody();
    for (const [first, ...rest] of content.rows) body.insertRow().append(cell("th", first, "row"), ...rest.map((text) => cell("td", text)));
    document.getElementById(id).replaceChildren(table);
  }

  function writeSliders(groups) {
    document.getElementById("sliders").replaceChildren(...groups.map((group) => {
      const set = document.createElement("fieldset"), grid = document.createElement("div");
      set.className = "layer";
      grid.className = "grid";
      for (const entry of group.sliders) {
        const label = document.createElement("label"), input = document.createElement("input"), value = cell("span", entry.value);
        Object.assign(input, { type: "range", min: group.min, max: group.max, step: group.step, name: entry.label });
        input.value = entry.value;
        input.dataset.place = entry.place;
        value.className = "value";
        label.title = entry.drawn;
        label.append(cell("span", entry.label), input, value);
        const holder = document.createElement("div");
        holder.className = "slider";
        holder.append(label);
        grid.append(holder);
      }
      set.append(cell("legend", group.title), grid);
      return set;
    }));
  }

  function drawOrKeep(id, draw) {
    later.delete(id);
    if (inSight(document.getElementById(id))) draw(); else later.set(id, draw);
  }

  function drawRest(onlyInSight) {
    for (const [id, draw] of [...later]) {
      if (onlyInSight && !inSight(document.getElementById(id))) continue;
      later.delete(id);
      draw();
    }
  }

  function show(answer) {
    document.getElementById("message").textContent = answer.message || "";
    if (answer.sliders) writeSliders(answer.sliders);
    for (const [id, text] of Object.entries(answer.texts || {})) document.getElementById(id).textContent = text;
    for (const [id, change] of Object.entries(answer.figures || {})) drawOrKeep(id, () => drawFigure(id, change));
    for (const [id, content] of Object.entries(answer.tables || {})) drawOrKeep(id, () => writeTable(id, content));
    window.clearTimeout(timer);
    timer = window.setTimeout(() => { drawRest(false); speak(); }, REST);
  }

  function speak() {
    // Once the controls rest, and not at every step, a screen reader says the lengths.
    const text = (id) => document.getElementById(id).textContent;
    const sentence = `Length of the image ${text("latent-length")}, variation of the output ${text("output-variation")}.`;
    if (text("spoken") !== sentence) document.getElementById("spoken").textContent = sentence;
  }

  document.addEventListener("scroll", () => drawRest(true), { passive: true, capture: true });
  document.addEventListener("toggle", () => drawRest(true), true);
  window.eigenscape = { drawing: { show, pending: () => later.size > 0 } };
})();
