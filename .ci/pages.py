#!/usr/bin/env python3
"""Opens every page of a site in headless Chromium: python3 .ci/pages.py SITE [--pictures FOLDER]

At 380 and at 1440 pixels, in light and in dark: no error in the console, no reference that leads nowhere, no sideways
scrolling, no text of an inline picture over another. The search, its arrow keys, the list of stops and the exercise
are tried as well. With --pictures each page is kept as a PNG.

Speaks chromedriver's own protocol, which is plain HTTP. Debian's chromium and chromium-driver are installed where they
are missing.
"""

import base64
import concurrent.futures
import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--hide-scrollbars",
]

# What is wrong with a page: answered as a list of sentences.
INSPECT = """
const wrong = [];
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) {
  const wide = [...document.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest("figure, pre, .wide, .formula, .hidden"));
  wrong.push("scrolls sideways: " + root.scrollWidth + " in " + root.clientWidth + ", by "
    + wide.slice(0, 3).map((e) => e.tagName + "." + e.className).join(" "));
}
for (const image of document.images) if (!image.complete || !image.naturalWidth) wrong.push("no image " + image.src);
if (getComputedStyle(document.querySelector("main")).maxWidth === "none") wrong.push("no style sheet");
if (!window.limpidIndex) wrong.push("no search index");
for (const svg of document.querySelectorAll("figure svg")) {
  if (!svg.getBoundingClientRect().width) continue;
  const boxes = [...svg.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()]);
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [boxes[i][1], boxes[j][1]];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    // A line of text is higher than its letters.
    if (across > 1 && down > 0.45 * Math.min(a.height, b.height))
      wrong.push("in a picture \\u201c" + boxes[i][0] + "\\u201d covers \\u201c" + boxes[j][0] + "\\u201d");
  }
}
return wrong;
"""

# What is typed into the search, and the page that has to come first, or to be among the hits.
SEARCH = """
const field = document.getElementById("query");
const typed = (text) => {
  field.value = text;
  field.dispatchEvent(new Event("input"));
  return [...document.querySelectorAll("#found a")].map((a) => a.getAttribute("href"));
};
const wrong = [];
const first = [["4.4", "4.4.html"], ["4.1", "4.1.html"], ["XOR", "2.2.html"], ["gradient descent", "4.6.html"]];
for (const [text, page] of first) {
  const hits = typed(text);
  if (hits[0] !== page) wrong.push("searching for " + text + " finds first " + hits[0]);
}
const among = [["softmax overflow", "3.2.html"], ["overfit", "4.9.html"], ["over-fit", "4.9.html"],
  ["backpropagation", "5.1.html"], ["back-propagation", "5.7.html"], ["mse", "4.1.html"], ["cross entropy", "4.1.html"],
  ["crossentropy", "4.1.html"], ["4.9 digits", "4.9.html"], ["optimisers", "6.2.html"], ["knn", "6.3.html"]];
for (const [text, page] of among) {
  const hits = typed(text);
  if (!hits.includes(page)) wrong.push("searching for " + text + " finds " + JSON.stringify(hits));
}
if (typed("4").length < 10) wrong.push("searching for a chapter does not find its stops");
if (typed("nonsenseword").length) wrong.push("searching for nonsense finds something");
return wrong;
"""

# Arrow keys go through the hits and round; Enter takes the chosen one, and the first where none is chosen.
ARROWS = """
const wrong = [];
const field = document.getElementById("query");
field.value = "4";
field.dispatchEvent(new Event("input"));
const press = (key) => field.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
const chosen = () => [...document.querySelectorAll("#found a")].findIndex((a) => a.getAttribute("aria-selected") === "true");
const count = document.querySelectorAll("#found a").length;
for (const [keys, wanted] of [[[], -1], [["ArrowDown"], 0], [["ArrowDown"], 1], [["ArrowUp"], 0], [["ArrowUp"], -1],
  [["ArrowUp"], count - 1], [["ArrowDown", "ArrowDown", "ArrowDown"], 1]]) {
  keys.forEach(press);
  if (chosen() !== wanted) wrong.push(JSON.stringify(keys) + " chooses " + chosen() + ", not " + wanted);
}
let taken = null;
const take = (event) => { taken = event.target.getAttribute("href"); event.preventDefault(); };
document.getElementById("found").addEventListener("click", take);
const second = document.querySelectorAll("#found a")[1].getAttribute("href");
press("Enter");
if (taken !== second) wrong.push("Enter takes " + taken + ", not the chosen " + second);
document.getElementById("found").removeEventListener("click", take);
press("Escape");
if (field.value || document.querySelector("#found a")) wrong.push("Escape does not end the search");
return wrong;
"""

# The list of stops: beside a wide page, behind a button on a phone.
ROAD = """
const wrong = [];
const [road, menu] = ["road", "menu"].map((id) => document.getElementById(id));
const seen = () => road.getBoundingClientRect().width > 0;
if (innerWidth >= 1200) {
  if (!seen()) wrong.push("no list of stops beside the page");
} else {
  if (seen()) wrong.push("the list of stops is open without being asked for");
  menu.click();
  if (!seen() || menu.getAttribute("aria-expanded") !== "true") wrong.push("the button does not open the list of stops");
  menu.click();
  if (seen()) wrong.push("the button does not close the list of stops");
}
return wrong;
"""

EXERCISE = """
const wrong = [];
for (const input of document.querySelectorAll("input[data-truth]")) {
  const said = input.nextElementSibling;
  for (const [value, wanted] of [["-7", "wrong"], [input.dataset.truth, "right"]]) {
    input.value = value;
    input.dispatchEvent(new Event("change"));
    if (said.className !== wanted) wrong.push(value + " is called " + said.className + ", not " + wanted);
  }
}
if (document.querySelectorAll("input[data-truth]").length !== 8) wrong.push("the exercise does not ask 8 times");
return wrong;
"""


def install():
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    packages = ["chromium", "chromium-driver", "fonts-dejavu-core"]
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


class Driver:
    """A browser, by chromedriver."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.process.stdout:
            if "started successfully on port" in line:
                port = line.rsplit("port", 1)[1].strip().rstrip(".")
                break
        if port is None:
            sys.exit("chromedriver did not start")
        self.base = f"http://127.0.0.1:{port}"
        options = {"binary": shutil.which("chromium"), "args": [*FLAGS, f"--user-data-dir={folder}"]}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        session = self.ask("POST", "/session", {"capabilities": wanted})
        self.base += f"/session/{session['sessionId']}"

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        # Never through a proxy: the driver is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"chromedriver: {error.read().decode()[:600]}")

    def tell(self, command, **parameters):
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script):
        return self.ask("POST", "/execute/sync", {"script": script, "args": []})

    def close(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(10)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def check(driver, name, address, width, theme, pictures):
    phone = width < 500
    driver.tell("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=phone)
    driver.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    driver.ask("POST", "/url", {"url": address})
    wrong = driver.run(INSPECT)
    if theme == "light":
        wrong += driver.run(SEARCH) + driver.run(ARROWS) + driver.run(ROAD)
        if name == "5.4.html":
            wrong += driver.run(EXERCISE)
        driver.run('const f = document.getElementById("query"); f.value = ""; f.dispatchEvent(new Event("input"));')
    wrong += [entry["message"] for entry in driver.ask("POST", "/se/log", {"type": "browser"})]
    if pictures:
        size = driver.tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 9000), "scale": 1}
        shot = driver.tell("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        (pictures / f"{name.removesuffix('.html')}-{width}-{theme}.png").write_bytes(base64.b64decode(shot["data"]))
    return [f"{name} at {width} px, {theme}: {what}" for what in wrong]


def check_at(site, names, address, pictures, width):
    """All pages at this width; and one as a file, without any server, which is how most will read it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        driver = Driver(folder)
        try:
            wrong = []
            for theme in ("light", "dark"):
                for name in names:
                    wrong += check(driver, name, f"{address}/{name}", width, theme, pictures)
            driver.ask("POST", "/url", {"url": (site / names[0]).resolve().as_uri()})
            return wrong + [f"{names[0]} as a file: {what}" for what in driver.run(INSPECT) + driver.run(SEARCH)]
        finally:
            driver.close()


def main():
    site = pathlib.Path(sys.argv[1])
    pictures = pathlib.Path(sys.argv[3]) if sys.argv[2:3] == ["--pictures"] else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    names = sorted(path.name for path in site.glob("*.html"))
    if not names:
        sys.exit(f"{site} has no pages")
    install()
    began = time.monotonic()
    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    look = functools.partial(check_at, site, names, f"http://127.0.0.1:{server.server_port}", pictures)
    try:
        # A browser for each width, side by side: a page keeps one core busy.
        with concurrent.futures.ThreadPoolExecutor() as browsers:
            wrong = sum(browsers.map(look, (380, 1440)), [])
    finally:
        server.shutdown()
    print(f"{len(names)} pages, each at 380 and 1440 px in light and dark: {time.monotonic() - began:.0f} s")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
