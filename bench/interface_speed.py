"""Row `interface`: what a person at the timeline waits for, in a real browser that draws by software.

The interface as it is built, served by ``vestige up`` over a store of its own. The browser's frame rate is not limited
(it would be the screen's 60 a second whatever a frame costs), so the time from one frame to the next is what a frame
takes: script, style, layout and painting. Beside it stands what the same browser takes for a frame in which nothing
happens, which says how much of the figure is the machine's. Events are made within the page, one a frame, as a hand
that turns the wheel makes them; a jump is a real click.
"""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

from bench.parts import ROOT, Measure
from playwright.sync_api import Error as PlaywrightError

from support.browsing import SIZE, chromium, lacking, ready, serving, text_of
from vestige.model.instant import parse_rfc3339

if TYPE_CHECKING:
    from pathlib import Path

    from bench.parts import Bench
    from playwright.sync_api import Browser, CDPSession, FloatRect, Page

    from support.browsing import Shown

FRAMES = 240
JUMPS = 12
LOADS = 7
PATIENCE_S = 60
UNLIMITED = ("--disable-frame-rate-limit", "--disable-gpu-vsync")

WATCH = """
// Counts what is done in frames, and notes when the timeline was first drawn.
const real = window.requestAnimationFrame.bind(window);
window.bench = { work: [], drawn: undefined, since: undefined, real };
window.requestAnimationFrame = (then) => real((time) => {
  const began = performance.now();
  then(time);
  const now = performance.now();
  bench.work.push(now - began);
  if (bench.since !== undefined && bench.drawn === undefined) bench.drawn = now - bench.since;
});
new MutationObserver(() => {
  if (bench.ready === undefined && document.documentElement.hasAttribute("data-ready")) bench.ready = performance.now();
  if (document.documentElement.hasAttribute("data-fine")) bench.fine = performance.now();
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-ready", "data-fine"] });
addEventListener("pointerup", (event) => {
  bench.since = event.timeStamp;
  bench.drawn = bench.fine = undefined;
}, true);
"""
MOVE = """
// One event a frame, zooming or panning there and back; the times between frames, and of the drawing in each.
async ([kind, frames]) => {
  const area = document.querySelector(".lanes .area");
  const box = area.getBoundingClientRect();
  const between = [];
  bench.work = [];
  let last = await new Promise(bench.real);
  for (let frame = 0; frame < frames; frame++) {
    const there = Math.floor(frame / 20) % 2 ? 1 : -1;
    const by = kind === "zooming" ? { deltaY: there * 60 } : { deltaX: there * 40 };
    const at = { clientX: box.left + box.width * 0.6, clientY: box.top + 60, bubbles: true, cancelable: true };
    if (kind !== "nothing") area.dispatchEvent(new WheelEvent("wheel", { ...by, ...at }));
    const now = await new Promise(bench.real);
    between.push(now - last);
    last = now;
  }
  return { between, work: bench.work };
}
"""


def measure(bench: Bench) -> list[Measure]:
    """The row.

    Raises:
        SubprocessError: there is no browser, or no built interface.
    """
    missing = lacking()
    if missing:
        raise subprocess.SubprocessError(missing)
    data = bench.place("interface") / "data"
    file = bench.one_file(bench.large)
    bench.say(f"interface: importing {bench.large:,} events")
    bench.part("bench.import_speed:vestige", data=str(data), file=str(file))
    file.unlink()
    try:
        return _measured(bench, data)
    except PlaywrightError as error:
        raise subprocess.SubprocessError(str(error)) from error


def _measured(bench: Bench, data: Path) -> list[Measure]:
    with serving(data, {}) as server:
        loads = 3 if bench.quick else LOADS
        bench.say(f"interface: first picture, {loads} times")
        with chromium() as browser:
            first, fine = _loads(browser, server, "/ui/timeline", loads)
            by_actor, finer_actors = _loads(browser, server, "/ui/timeline?lane=actor", loads)
            bench.say("interface: jumps to where nothing was drawn")
            coarse, finer = _jumps(browser, server, JUMPS // 2 if bench.quick else JUMPS)
        with chromium(*UNLIMITED) as browser:
            bench.say("interface: frames")
            frames = _frames(browser, server, FRAMES // 4 if bench.quick else FRAMES)
    note = f"{bench.large:,} events, {SIZE[0]} x {SIZE[1]}, drawn by software"
    measures = [
        Measure("interface, first picture after load", statistics.median(first), "ms", most=1500, samples=first,
                note=f"{note}; with nothing cached {first[0]:.0f}; all of it fine after {_middle(fine):.0f}"),
        Measure("interface, the same with lanes by actor, of which no counts are kept", statistics.median(by_actor),
                "ms", samples=by_actor, note=f"all of it fine after {_middle(finer_actors):.0f}"),
        Measure("interface, coarse picture after a jump, p95", _late(coarse), "ms", most=150, samples=coarse,
                note=f"finer after {_middle(finer):.0f}"),
    ]  # fmt: skip
    idle = _late(frames["nothing"]["between"])
    for kind in ("zooming", "panning"):
        between, work = frames[kind]["between"], frames[kind]["work"]
        measures.append(
            Measure(
                f"interface, frame while {kind}",
                _late(between), "ms", most=16, samples=between,
                note=f"p95; p50 {_middle(between):.1f}; drawing itself p95 {_late(work):.1f}; processor time of "
                f"the page's thread, mean {frames[kind]['spent']:.1f}; a frame of nothing p95 "
                f"{idle:.1f}; {frames['lanes']} lanes x {frames['buckets']} buckets",
            )
        )  # fmt: skip
    return [*measures, *_weight()]


def _page(browser: Browser, server: Shown) -> Page:
    context = browser.new_context(
        base_url=server.url, viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce"
    )
    context.set_default_timeout(120_000)
    context.add_cookies(server.signed_in("owner"))  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    return page


def _loads(browser: Browser, server: Shown, address: str, times: int) -> tuple[list[float], list[float]]:
    first, fine = [], []
    page = _page(browser, server)
    for _ in range(times):
        page.goto(address)
        ready(page, fine=True)
        told = page.evaluate("[bench.ready, bench.fine]")
        first.append(told[0])
        fine.append(told[1])
        page.goto("about:blank")
    page.context.close()
    return first, fine


def _jumps(browser: Browser, server: Shown, times: int) -> tuple[list[float], list[float]]:
    """Clicks on the strip of all time, from a narrow view, to places far from one another."""
    coarse, finer = [], []
    page = _page(browser, server)
    told = server.get("/v1/timeline/density", buckets=1)
    start, end = (parse_rfc3339(told[name])[0] for name in ("start", "end"))
    # A finer picture reaches one width beyond what is in view: no jump leads to where another was, or near it.
    room = (end - start) // 200
    middle = end - room
    page.goto(f"/ui/timeline?lane=actor&from={text_of(middle - room)}&to={text_of(middle + room)}")
    ready(page, fine=True)
    strip = _box(page, ".overview-area")
    for number in range(times):
        part = 0.05 + 0.8 * ((number * 0.381966) % 1)
        page.mouse.click(strip["x"] + strip["width"] * part, strip["y"] + 20)
        coarse.append(_until(page, "bench.drawn"))
        finer.append(_until(page, "bench.fine - bench.since"))
        page.wait_for_timeout(500)
    page.context.close()
    return coarse, finer


def _until(page: Page, what: str) -> float:
    """A figure of the page's, once there is one; asked for from outside, so that waiting takes no frame."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = page.evaluate(f"Number.isFinite({what}) ? {what} : null")
        if found is not None:
            return float(found)
        time.sleep(0.02)
    raise subprocess.SubprocessError(f"{what} did not come within {PATIENCE_S} s at {page.url}")


def _spent(tools: CDPSession) -> float:
    """Seconds of processor time of the page's own thread: script, style, layout, recording what is painted."""
    told = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def _box(page: Page, what: str) -> FloatRect:
    box = page.locator(what).bounding_box()
    if box is None:
        raise subprocess.SubprocessError(f"the timeline shows no {what}")
    return box


def _frames(browser: Browser, server: Shown, frames: int) -> dict[str, Any]:
    page = _page(browser, server)
    page.goto("/ui/timeline?lane=actor")
    ready(page, fine=True)
    page.wait_for_timeout(1500)
    lanes = page.locator(".lane-name").count()
    found: dict[str, Any] = {"lanes": lanes, "buckets": 1500}
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    for kind in ("nothing", "zooming", "panning"):
        before = _spent(tools)
        found[kind] = page.evaluate(MOVE, [kind, frames])
        found[kind]["spent"] = (_spent(tools) - before) * 1000 / frames
        page.wait_for_timeout(1000)
    page.context.close()
    return found


def _weight() -> list[Measure]:
    """What a browser loads, as ``ui/tools/sizes.mjs`` counts it."""
    done = subprocess.run(
        ["node", "tools/sizes.mjs"], cwd=ROOT / "ui", capture_output=True, text=True, check=False, timeout=60
    )
    first, *pages = [line.removeprefix("TOO BIG ").rpartition(": ") for line in done.stdout.splitlines()]
    size, _, most = first[2].partition(" KB of ")
    heaviest = max(pages, key=lambda one: float(one[2].split()[0]))
    return [
        Measure("interface, scripts before the first paint", float(size), "KB", most=float(most),
                note=f"in gzip; the heaviest page besides: {heaviest[0]} {heaviest[2].split()[0]}"),
    ]  # fmt: skip


def _middle(samples: list[float]) -> float:
    return statistics.median(samples)


def _late(samples: list[float]) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * 0.95))]
