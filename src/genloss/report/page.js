"use strict";
// Draws the charts when they come near the screen, in the theme of the reader, at the width there is.
(() => {
  const parsed = new Map();
  const read = (id) => {
    if (!parsed.has(id)) parsed.set(id, document.getElementById(id).textContent);
    return JSON.parse(parsed.get(id));
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  // Paper is white, whatever the screen is.
  let printing = false;
  // The words of a chart grow with those of the page.
  const sized = (part, by) => Object.fromEntries(Object.entries(part).map(([key, value]) => {
    if (value && typeof value === "object" && !Array.isArray(value)) return [key, sized(value, by)];
    return [key, /fontSize$/i.test(key) ? value * by : value];
  }));
  const growth = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const config = () => sized(read("themes")[dark.matches && !printing ? "dark" : "light"], growth());
  const charts = [...document.querySelectorAll(".chart")];
  const views = new Map();

  const metric = (chart) => chart.closest(".metric");
  const hidden = (chart) => {
    const scope = chart.closest(".panel")?.querySelector(".legend") ? chart.closest(".panel") : metric(chart);
    return [...(scope?.querySelectorAll('.legend [aria-pressed="false"]') ?? [])].map((b) => b.dataset.run);
  };

  const ticks = (last) => {
    const steps = [0];
    for (let power = 1; power <= last; power *= 10) steps.push(power, 2 * power, 5 * power);
    return steps.filter((step) => step <= last);
  };
  // Whole generations, each said once: what a drawing library chooses may lie between two.
  const whole = (last, most = 10) => {
    let step = 1;
    for (let power = 1; step * most < last; power *= 10) {
      step = [1, 2, 5, 10].map((m) => m * power).find((s) => s * most >= last) ?? 10 * power;
    }
    return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
  };
  const scaleX = (spec, log) => {
    const { scale, axis } = spec.encoding.x;
    scale.type = log ? "symlog" : "linear";
    axis.values = log ? ticks(scale.domain[1]) : whole(scale.domain[1]);
  };

  // Log for linear or back; a rule that has no place on the other axis is left out.
  const turnY = (spec, { scale, axis }) => {
    const [low, high] = scale.domain;
    spec.layer = spec.layer.filter(({ encoding }) => !(encoding.y.datum < low || encoding.y.datum > high));
    for (const { encoding: { y } } of spec.layer) {
      const title = y.axis?.title;
      y.scale = { ...scale };
      if (y.axis) y.axis = { ...axis, title };
    }
  };
  const isLog = (y) => y.scale?.type === "log";
  const button = (chart, axis) => metric(chart).querySelector(`[data-axis=${axis}]`);
  const pressed = (b) => b.getAttribute("aria-pressed") === "true";

  // The spec of a chart as it shall look now; an exported one keeps its own width and legend.
  const current = (chart, exported) => {
    const spec = read(chart.dataset.spec + "-spec");
    const width = Math.floor(chart.clientWidth);
    const kind = chart.dataset.kind;
    if (kind === "line") {
      const [x, y] = [button(chart, "x"), button(chart, "y")];
      if (x?.dataset.touched) scaleX(spec, pressed(x));
      if (y && pressed(y) !== isLog(spec.layer[0].encoding.y)) turnY(spec, JSON.parse(chart.dataset.y));
    }
    spec.params?.forEach((p) => {
      if (p.name === "hidden") p.value = hidden(chart);
      if (p.name === "cell") p.value = Number(chart.dataset.cell ?? 0);
    });
    if (exported) return spec;
    if (kind === "facet") {
      const n = spec.data.values.length;
      const most = Math.max(2, Math.min(n, Math.floor((width + 14) / 170)));
      spec.columns = Math.ceil(n / Math.ceil(n / most));
      const cell = Math.min(220, Math.floor((width - 14 * (spec.columns - 1) - 4) / spec.columns));
      spec.spec.width = spec.spec.height = cell;
      return spec;
    }
    if (kind === "spread") {
      const n = spec.data.values.length;
      const most = Math.max(1, Math.min(n, Math.floor(width / 260)));
      spec.columns = Math.ceil(n / Math.ceil(n / most));
      spec.spec.width = Math.floor((width - 44) / spec.columns) - 14;
      return spec;
    }
    const shape = spec.height / spec.width;
    const roomy = width >= 420 && !chart.closest(".many");
    spec.layer = spec.layer?.map((layer) => ({ ...layer, mark: sized(layer.mark, growth()) }));
    delete spec.title;
    spec.width = width;
    spec.autosize = { type: "fit", contains: "padding" };
    spec.height = chart.closest(".many") ? 190 : width < 420 ? 240 : chart.closest(".lead") ? 300 : 290;
    if (kind === "line") {
      // The page says above the charts what they show and which colour is whose.
      spec.encoding.color.legend = null;
      // The key below says what is grey; names would lie on the lines of a small chart.
      if (!roomy) spec.layer = spec.layer.filter(({ mark }) => mark.type !== "text");
      for (const { encoding } of spec.layer) {
        if (encoding.y.axis) encoding.y.axis.title = null;
        if (encoding.shape) encoding.shape.legend = null;
      }
      const { axis } = spec.encoding.x;
      if (chart.closest(".many")) {
        axis.title = null;
        const tens = (t) => t === 0 || Number.isInteger(Math.log10(t));
        const { scale } = spec.encoding.x;
        axis.values = scale.type === "linear" ? whole(scale.domain[1], 5) : axis.values.filter(tens);
      }
    }
    if (kind === "path") {
      spec.encoding.color.legend = null;
      for (const { encoding } of spec.layer) if (encoding?.shape) encoding.shape.legend = null;
      spec.height = Math.min(380, Math.floor(width * 0.75));
    }
    if (kind === "rarefaction") spec.height = 300;
    if (kind === "multiple") {
      delete spec.title;
      spec.encoding.x.axis.title = null;
      spec.height = Math.max(120, Math.floor(width * 0.6));
    }
    if (kind === "other") {
      wrapped(spec, width);
      spec.height = Math.max(190, Math.min(380, Math.floor(width * shape)));
      if (spec.layer?.[0].mark.type === "rect") narrowed(spec, width);
    }
    if (kind === "area" || kind === "fan") spec.height = width < 420 ? 220 : 280;
    if (kind === "own" && width < 420) {
      for (const c of [spec.encoding.color, spec.layer?.[1].encoding.shape]) if (c) c.legend.columns = 3;
    }
    return spec;
  };

  // The words of a map in narrow cells: intervals on two lines, or none, as the table has them.
  const narrowed = (spec, width) => {
    const n = (axis) => new Set(spec.data.values.map((cell) => cell[axis])).size;
    const cell = (width - 110) / n("x");
    if (cell < 44 * growth()) spec.layer.length = 1;
    else if (cell < 100 * growth()) {
      spec.height = Math.max(spec.height, 70 + 56 * growth() * n("up"));
      for (const { mark } of spec.layer.slice(1)) {
        if (mark.dy > 0) mark.lineBreak = ", ";
        mark.dy -= 6;
      }
    }
  };

  const embed = (where, spec, renderer) =>
    vegaEmbed(where, spec, {
      mode: "vega-lite", renderer, actions: false, config: config(), tooltip: { theme: "custom" },
    });

  const draw = async (chart) => {
    const place = chart.querySelector(".canvas");
    const before = views.get(chart);
    views.set(chart, { width: chart.clientWidth });
    try {
      const result = await embed(place, current(chart, false), "canvas");
      before?.result?.finalize();
      views.set(chart, { width: chart.clientWidth, result });
      chart.dataset.state = "drawn";
    } catch (error) {
      chart.dataset.state = "failed";
      place.textContent = "This chart could not be drawn: " + error.message;
    }
  };

  // One slider moves the images of all runs; without it all generations stand side by side.
  document.querySelectorAll(".reel").forEach((reel) => {
    const slider = reel.querySelector("input[type=range]");
    if (!slider) return;
    const times = slider.dataset.times.split(" ").map(Number);
    const show = () => {
      const t = times[slider.valueAsNumber];
      const said = t === 0 ? "reality" : "t = " + t.toLocaleString("en-US");
      slider.setAttribute("aria-valuetext", said);
      reel.querySelector("output").textContent = said;
      reel.querySelectorAll(".frames").forEach((run) => {
        const frames = [...run.children];
        // A run without this generation says so: another one beside it would mislead.
        const now = frames.find((frame) => Number(frame.dataset.t) === t);
        frames.forEach((frame) => frame.classList.toggle("now", frame === now));
        run.dataset.absent = now ? "" : "nothing kept at " + said;
      });
    };
    slider.addEventListener("input", show);
    reel.classList.add("sliding");
    slider.parentElement.hidden = false;
    show();
  });

  // Sliders choose one of the runs that were made; where none has these values, the page says so.
  document.querySelectorAll(".explorer").forEach((figure) => {
    const sliders = [...figure.querySelectorAll("input[type=range]")];
    const cells = JSON.parse(figure.querySelector(".sliders").dataset.cells);
    const chart = figure.querySelector(".chart");
    const show = () => {
      const places = sliders.map((s) => s.valueAsNumber);
      sliders.forEach((s) => {
        const said = JSON.parse(s.dataset.words)[s.valueAsNumber];
        s.setAttribute("aria-valuetext", said);
        s.parentElement.querySelector("output").textContent = said;
      });
      const cell = cells.findIndex((c) => c.every((place, i) => place === places[i]));
      figure.querySelector(".nothing").hidden = cell >= 0;
      chart.classList.toggle("empty", cell < 0);
      if (cell < 0) return;
      chart.dataset.cell = cell;
      views.get(chart)?.result?.view.signal("cell", cell).runAsync();
    };
    sliders.forEach((s) => s.addEventListener("input", show));
    sliders.forEach((s, i) => { s.value = cells[0][i]; });
    show();
  });

  const wide = matchMedia("(min-width: 960px)");
  const contents = document.querySelector("nav details");
  const unfold = () => { contents.open = wide.matches; };
  wide.addEventListener("change", unfold);
  unfold();

  const near = new IntersectionObserver(
    (entries) => entries.filter((e) => e.isIntersecting && !views.has(e.target)).forEach((e) => draw(e.target)),
    { rootMargin: "700px 0px" },
  );
  charts.forEach((chart) => near.observe(chart));
  const redraw = (which) => [...views.keys()].filter(which).forEach(draw);

  // What a link leads to is shown, however deep it is folded.
  const reveal = () => {
    const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = there; fold; fold = fold.parentElement?.closest("details")) {
      if (fold.tagName === "DETAILS") fold.open = true;
    }
    there?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  dark.addEventListener("change", () => redraw(() => true));
  let pending = 0;
  addEventListener("resize", () => {
    clearTimeout(pending);
    pending = setTimeout(() => redraw((c) => Math.abs(c.clientWidth - views.get(c).width) > 2), 120);
  });
  addEventListener("beforeprint", () => {
    printing = true;
    charts.filter((c) => c.checkVisibility() && (dark.matches || !views.has(c))).forEach(draw);
  });
  addEventListener("afterprint", () => {
    printing = false;
    if (dark.matches) redraw(() => true);
  });

  document.querySelectorAll(".axis").forEach((button) => {
    const chart = button.closest(".metric").querySelector(".chart");
    const spec = read(chart.dataset.spec + "-spec");
    const log = button.dataset.axis === "x" ? spec.encoding.x.scale.type === "symlog" : isLog(spec.layer[0].encoding.y);
    button.setAttribute("aria-pressed", String(log));
  });

  // A chart as a file is light whatever the screen is, and as wide as a journal has room.
  const width = () => Number(widths[0]?.value) || 0;
  const widths = [...document.querySelectorAll(".tools select")];
  addEventListener("change", (event) => {
    if (widths.includes(event.target)) widths.forEach((w) => { w.value = event.target.value; });
  });

  const wrapped = (spec, px) => {
    const { color } = spec.encoding;
    const names = color?.scale?.domain ?? color?.sort;
    if (!color?.legend || !names || color.legend.orient === "right") return 0;
    const longest = Math.max(...names.map((n) => n.length)) * 6 + 36;
    const columns = Math.max(1, Math.min(names.length, Math.floor((px - 40) / longest)));
    for (const { encoding = {} } of [spec, ...(spec.layer ?? [])]) {
      for (const channel of [encoding.color, encoding.shape]) if (channel?.legend) channel.legend.columns = columns;
    }
    return Math.ceil(names.length / columns);
  };
  const fitted = (spec, px) => {
    if (spec.spec) {
      const n = spec.data.values.length;
      const bare = spec.spec.width === spec.spec.height;
      spec.columns = Math.min(n, Math.max(1, Math.floor(px / (bare ? 106 : 300))));
      const cell = (px - (bare ? 40 : 70)) / spec.columns - 14;
      spec.spec.height *= cell / spec.spec.width;
      spec.spec.width = cell;
      return spec;
    }
    const rows = wrapped(spec, px);
    return Object.assign(spec, { width: px, height: 0.6 * px + 20 * rows + 60, autosize: { type: "fit", contains: "padding" } });
  };

  const exported = async (chart, type) => {
    const px = (width() * 96) / 25.4;
    const spec = current(chart, true);
    const { view, finalize } = await vegaEmbed(document.createElement("div"), px ? fitted(spec, px) : spec, {
      mode: "vega-lite", renderer: type === "png" ? "canvas" : "svg", actions: false, config: read("themes").light,
    });
    const url = await view.toImageURL(type === "png" ? "png" : "svg", type === "png" ? 300 / 96 : 1);
    finalize();
    return url;
  };

  const save = async (chart, type) => {
    const link = document.createElement("a");
    link.href = await exported(chart, type);
    link.download = chart.dataset.name.toLowerCase().replace(/[^a-z0-9]+/g, "-") + "." + type;
    link.click();
  };

  // A PDF is what the browser prints of one chart, on paper of just its size.
  const printed = async (chart) => {
    const image = new Image();
    image.src = await exported(chart, "svg");
    image.alt = chart.dataset.name;
    await image.decode();
    const sheet = document.createElement("style");
    sheet.textContent = `@page { size: ${image.naturalWidth}px ${image.naturalHeight}px; margin: 0; }`;
    const paper = document.createElement("div");
    paper.id = "paper";
    paper.append(sheet, image);
    document.body.append(paper);
    addEventListener("afterprint", () => paper.remove(), { once: true });
    print();
  };

  addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const toggle = () => button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    const { save: type } = button.dataset;
    if (type) (type === "pdf" ? printed : save)(button.closest(".chart"), type);
    else if (button.classList.contains("axis")) {
      toggle();
      button.dataset.touched = "yes";
      redraw((chart) => metric(chart) === metric(button));
    } else if (button.dataset.run !== undefined) {
      toggle();
      for (const [chart, { result }] of views) {
        if (metric(chart) === metric(button)) result?.view.signal("hidden", hidden(chart)).run();
      }
    }
  });
})();
