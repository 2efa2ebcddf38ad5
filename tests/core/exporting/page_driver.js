// Runs inside an exported page (a copy without its policy): uses it as a person would, and writes down what it says.
(async () => {
  const root = document.documentElement, heard = [];
  const by = id => document.getElementById(id);
  const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
  const say = (name, text) => heard.push(name + ": " + text);
  const read = () => by("readout").textContent;
  const change = async (id, value) => {
    const control = by(id);
    if (control.type === "checkbox") control.checked = value;
    else control.value = value;
    for (const type of ["input", "change"]) control.dispatchEvent(new Event(type, {bubbles: true}));
    await wait(250);
  };
  const point = async (id, x, y) => {
    const box = by(id).getBoundingClientRect();
    by(id).dispatchEvent(new PointerEvent("pointermove", {clientX: box.left + x, clientY: box.top + y, bubbles: true}));
    await wait(250);
  };
  const press = async (id, key) => {
    by(id).dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    await wait(250);
  };
  // How many pixels of the map have each exact colour, the most common first.
  const colours = () => {
    const canvas = by("map"), count = {};
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < data.length; i += 4) {
      const name = data[i] + "," + data[i + 1] + "," + data[i + 2];
      count[name] = (count[name] || 0) + 1;
    }
    return Object.entries(count).filter(([, pixels]) => pixels > 5000).map(([name]) => name).sort().join(" ");
  };
  while (!root.dataset.ready) await wait(50);
  await wait(250);
  say("still hidden", by("still").hidden);
  say("colours", colours());
  await press("map", "ArrowDown");
  await press("map", "ArrowDown");
  say("cell", read());
  await change("head", "0");
  say("head 0", read());
  await press("map", "ArrowRight");
  say("right", read());
  await change("special", true);
  say("without specials", read());
  await change("special", false);
  await change("threshold", "0.5");
  await change("threshold", "0");
  await change("scale", "log");
  await change("colormap", "magma");
  await change("fit", true);
  await press("map", "+");
  await press("map", "PageUp");
  say("page up", read());
  by("map").dispatchEvent(new WheelEvent("wheel", {deltaY: -400, clientX: 600, clientY: 500, bubbles: true, cancelable: true}));
  await wait(250);
  for (const tab of ["heads", "flow", "statistics"]) {
    by("tab-" + tab).click();
    await wait(500);
    say(tab, [...document.querySelectorAll("section")].filter(one => !one.hidden).map(one => one.id).join());
  }
  say("rows", document.querySelectorAll("#table tr").length);
  await point("metrics", 45, 40);
  say("pointed", read().slice(0, 20));
  by("tab-map").click();
  await wait(250);
  for (const how of ["max", "min", "mean"]) await change("head", how);
  say("error", root.dataset.error || "none");
  say("scripts", document.scripts.length + " images " + document.images.length);
  const page = document.createElement("pre");
  page.id = "heard";
  page.textContent = heard.join("\n");
  document.body.append(page);
})();
