/* What happens in the browser between a control and the server.

   One request is on its way at a time; while it is, the latest wish waits, and older ones are dropped. So a slider that
   is dragged repaints as fast as the server answers and the browser paints, and never falls behind. The address in the
   browser is replaced with every answer, without an entry in the history for every step of a slider. */
(function () {
  "use strict";

  const LOST_AFTER = 60000; // ms; an answer that has not come by then will not come
  const SIGN_AFTER = 300; // ms; below that a sign would only flicker
  const view = { query: "", busy: false, waiting: null, controls: {}, number: 0, shown: 0 };
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const say = (id, text) => { document.getElementById(id).textContent = text; };

  async function send(wish) {
    if (view.busy) {
      view.waiting = wish;
      return;
    }
    view.busy = true;
    view.number += 1;
    const sign = window.setTimeout(say, SIGN_AFTER, "computing", "Computing …");
    try {
      answered(await ask({ number: view.number, query: wish.open ?? view.query, controls: wish.controls,
        weights: weights(), action: wish.action, opening: "open" in wish }));
    } catch (error) {
      say("message", `No answer (${error.message}): expected eigenscape explore to be running where this page came from; start it and reload the page.`);
    }
    window.clearTimeout(sign);
    view.busy = false;
    const next = view.waiting;
    view.waiting = null;
    if (next) send(next); else say("computing", "");
  }

  async function ask(content) {
    const answer = await fetch("view", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content), signal: AbortSignal.timeout(LOST_AFTER) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  }

  function answered(answer) {
    view.shown += 1;
    if (!answer.error) {
      view.query = answer.query;
      const address = window.location.pathname + (answer.query ? "?" + answer.query : "");
      window.history.replaceState(window.history.state, "", address);
      if (answer.tab) showTab(answer.tab);
    }
    for (const [id, properties] of Object.entries(answer.properties || {})) set(id, properties);
    window.eigenscape.drawing.show(answer);
    if (answer.controls) {
      // The server changed controls: what waits was wished with the old ones.
      view.waiting = null;
      view.controls = { ...answer.controls };
      for (const [name, value] of Object.entries(answer.controls)) {
        if (!(name in (answer.lists || {}))) set(name, name === "tab" ? { data: value } : { value });
      }
    }
    for (const [name, list] of Object.entries(answer.lists || {})) {
      view.controls[name] = list.value;
      set(name, list);
    }
    requestAnimationFrame(showValues);
  }

  function weights() {
    const inputs = [...document.querySelectorAll("#sliders input")];
    return Object.fromEntries(inputs.map((input) => [input.dataset.position, input.valueAsNumber]));
  }

  function showValues() {
    for (const input of document.querySelectorAll(".slider input[type=range]")) {
      const shown = input.closest("label").querySelector(".value");
      if (shown && shown.textContent !== input.value) shown.textContent = input.value;
    }
  }

  const tabs = () => [...document.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.id.slice("tab-".length);

  function showTab(chosen) {
    for (const name of tabs().map(nameOf)) {
      const open = name === chosen;
      set("panel-" + name, { hidden: !open });
      set("tab-" + name, { "aria-selected": String(open), tabIndex: open ? 0 : -1 });
    }
    // Figures drawn while they were hidden have no size yet.
    requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    explorer: {
      open: function (search) {
        view.query = "";
        send({ open: search || "", controls: {}, action: "" });
      },

      moved: function () {
        const context = window.dash_clientside.callback_context;
        const triggered = context.triggered.map((item) => item.prop_id);
        const controls = {};
        let action = "";
        for (const item of context.inputs_list.flat()) {
          if (typeof item.id === "string") controls[item.id] = item.value ?? null;
          else if (item.value && triggered.some((id) => id.includes('"' + item.id.name + '"'))) action = item.id.name;
        }
        showValues();
        // Controls that the server has set are no wish of the user's.
        const news = Object.entries(controls).some(([name, value]) => JSON.stringify(value) !== JSON.stringify(view.controls[name]));
        if (!action && !news) return;
        view.controls = controls;
        if (view.number > 0) send({ controls, action });
      },

      tab: function () {
        const id = window.dash_clientside.callback_context.triggered[0]?.prop_id || "";
        if (id.startsWith("tab-")) { set("tab", { data: id.split(".")[0].slice(4) }); }
      },

      picked: function (click) {
        const cell = click && click.points && click.points[0] && click.points[0].customdata;
        if (cell) set("cell", { value: String(Array.isArray(cell) ? cell[0] : cell) });
      },

      download: function () {
        const id = window.dash_clientside.callback_context.triggered[0]?.prop_id || "";
        if (id) window.location.assign("network." + id.split(".")[0].slice("download-".length) + window.location.search);
      },

      copy: function (clicks) {
        if (!clicks) return;
        const done = () => set("copied", { children: "The link is in the clipboard." });
        const not = () => set("copied", { children: "Copy the address of this page." });
        if (navigator.clipboard) navigator.clipboard.writeText(window.location.href).then(done, not); else not();
      },
    },
  });

  // For tests and the benchmark: how many answers have been shown, and whether one is awaited.
  window.eigenscape.answers = () => view.shown;
  window.eigenscape.settled = () => view.shown > 0 && !view.busy && !view.waiting && !window.eigenscape.drawing.pending();

  document.addEventListener("input", (event) => {
    if (event.target.type === "range") showValues();
    if (event.target.dataset?.position) send({ controls: view.controls, action: "" });
  });
  document.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field is not a new page
  document.addEventListener("keydown", (event) => {
    if (event.target.getAttribute?.("role") !== "tab" || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const all = tabs(), step = event.key === "ArrowRight" ? 1 : all.length - 1;
    const other = all[(all.indexOf(event.target) + step) % all.length];
    other.focus();
    other.click();
  });
})();
