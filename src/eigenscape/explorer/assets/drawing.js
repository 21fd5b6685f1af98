/* Writes an answer of the server into the page: numbers, tables, and the data of figures.

   plotly.js gets the data directly. The numbers above the figures and the first figure in sight, which is the curve on its
   surface unless the page is scrolled, are drawn at once; each other figure and table in sight follows in a frame of its
   own, the one that has waited longest first; the rest when the controls have rested, or when it is scrolled into sight. */
(function () {
  "use strict";

  const REST = 150; // ms without an answer after which what is out of sight is drawn
  const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array };
  const later = new Map(); // id of a figure or table -> what draws it
  let timer = 0, stepping = false;

  function numbers(packed) {
    if (packed.bdata === undefined) return packed;
    const text = atob(packed.bdata), bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
    return new KINDS[packed.dtype](bytes.buffer);
  }

  function inSight(element) {
    const box = element.getBoundingClientRect();
    return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
  }

  function drawFigure(id, change) {
    const figure = document.querySelector(`#${id} .js-plotly-plot`);
    if (!figure || !figure.data) return;
    const traces = change.traces.map((trace) => Object.fromEntries(Object.entries(trace).map(([name, packed]) => [name, numbers(packed)])));
    traces.forEach((trace, index) => Object.assign(figure.data[index], trace));
    if (change.annotations) figure.layout.annotations = change.annotations;
    if (!drawScene(figure, traces)) window.Plotly.redraw(figure);
  }

  function drawScene(figure, traces) {
    /* A 3-D scene draws new data by itself, in a fifth of the time that Plotly.redraw takes to look at every option of the
       figure again, to find what can have changed. This is plotly's own step after a lost graphics context, but not of its
       documented interface: where a version has it not, the whole figure is drawn anew. */
    const scene = figure._fullLayout?.scene?._scene;
    if (!scene) return false;
    const camera = scene.getCamera(); // also while it is being turned
    figure.layout.scene.camera = camera;
    if (typeof scene.plot !== "function" || !scene.plotArgs || figure._fullData?.length !== traces.length) return false;
    figure._fullLayout.scene.camera = camera;
    traces.forEach((trace, index) => Object.assign(figure._fullData[index], trace, { _length: trace.z.length }));
    scene.plot(...scene.plotArgs);
    return true;
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
        input.dataset.position = entry.position;
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

  function drawNext(only) {
    for (const [id, draw] of later) {
      if (!only(id)) continue;
      later.delete(id);
      draw();
      return true;
    }
    return false;
  }

  const shown = (id) => inSight(document.getElementById(id));

  function step() {
    stepping = drawNext(shown);
    if (stepping) requestAnimationFrame(step); else document.dispatchEvent(new CustomEvent("eigenscape:complete"));
  }

  function drawInSight() {
    if (stepping) return;
    stepping = true;
    requestAnimationFrame(step);
  }

  function show(answer) {
    document.getElementById("message").textContent = answer.message || "";
    if (answer.sliders) writeSliders(answer.sliders);
    for (const [id, text] of Object.entries(answer.texts || {})) document.getElementById(id).textContent = text;
    // What waits already keeps its place in the line, with its new content: so every figure has its turn in a long drag.
    const figures = Object.entries(answer.figures || {});
    for (const [id, change] of figures) later.set(id, () => drawFigure(id, change));
    for (const [id, content] of Object.entries(answer.tables || {})) later.set(id, () => writeTable(id, content));
    const first = figures.map(([id]) => id).find(shown);
    if (first) drawNext((id) => id === first);
    document.dispatchEvent(new CustomEvent("eigenscape:drawn", { detail: first }));
    drawInSight();
    window.clearTimeout(timer);
    timer = window.setTimeout(rest, REST);
  }

  function rest() {
    while (drawNext(() => true));
    speak();
  }

  function speak() {
    // Once the controls rest, and not at every step, a screen reader says the lengths.
    const text = (id) => document.getElementById(id).textContent;
    const sentence = `Length of the image ${text("latent-length")}, variation of the output ${text("output-variation")}.`;
    if (text("spoken") !== sentence) document.getElementById("spoken").textContent = sentence;
  }

  document.addEventListener("scroll", drawInSight, { passive: true, capture: true });
  document.addEventListener("toggle", drawInSight, true);
  window.eigenscape = { drawing: { show, pending: () => later.size > 0 } };
})();
