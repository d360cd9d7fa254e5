"""The report in a real browser: no errors, no script but its own, filters, zoom, keyboard, phone, dark mode, print."""

import pytest


@pytest.fixture
def page(browser, hostile_page):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.problems = []
    opened.on("console", lambda said: opened.problems.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    opened.on("request", lambda asked: asked.url.startswith("file:") or opened.problems.append(asked.url))
    opened.goto(hostile_page.as_uri())
    yield opened
    assert opened.problems == []
    assert opened.evaluate("window.hacked") is None
    context.close()


def until(page, condition):
    """Wait for a condition; the page's own policy forbids the browser to evaluate texts by itself."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    raise AssertionError(condition)


def shown_rows(page):
    return page.locator("#incident-table tbody tr:visible").count()


def test_filters_leave_what_fits(page):
    whole = shown_rows(page)
    page.fill("#f-text", "no price")
    assert 0 < shown_rows(page) < whole
    assert page.inner_text("#f-count").startswith(f"{shown_rows(page)} of {whole}")
    page.click("button[type=reset]")
    until(page, f"document.querySelector('#f-count').textContent.startsWith('{whole} of')")
    page.select_option("#f-severity", "error")
    assert {
        text.strip() for text in page.locator("#incident-table tbody tr:visible td:nth-child(2)").all_inner_texts()
    } == {"error"}


def test_columns_sort(page):
    page.click("th:nth-child(5) button")
    dates = page.locator("#incident-table tbody td:nth-child(5)").all_inner_texts()
    assert dates == sorted(dates)
    page.click("th:nth-child(5) button")
    dates = page.locator("#incident-table tbody td:nth-child(5)").all_inner_texts()
    assert dates == sorted(dates, reverse=True)


def width_of(page, name):
    return page.evaluate(f"(() => {{ const x = pricewatch.charts.get({name!r}).scales.x; return x.max - x.min; }})()")


def test_a_drag_zooms_and_a_double_click_shows_all(page):
    chart = page.locator("#chart-time")
    chart.scroll_into_view_if_needed()
    until(page, "pricewatch.charts.has('chart-time')")
    before = width_of(page, "chart-time")
    box = chart.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40, steps=5)
    page.mouse.up()
    assert width_of(page, "chart-time") == pytest.approx(before * 0.3, rel=0.1)
    page.mouse.dblclick(box["x"] + 50, box["y"] + 40)
    assert width_of(page, "chart-time") == before


def test_the_keyboard_zooms_and_moves(page):
    page.locator("#chart-time").focus()
    until(page, "pricewatch.charts.has('chart-time')")
    whole = width_of(page, "chart-time")
    page.keyboard.press("+")
    assert width_of(page, "chart-time") < whole
    page.keyboard.press("ArrowRight")
    page.keyboard.press("0")
    assert width_of(page, "chart-time") == whole


def test_a_link_opens_the_tickers_chart_at_the_incident(page):
    link = page.locator("a[data-ticker='T1']").first
    link.click()
    until(page, "pricewatch.charts.has('T1')")
    shown = page.evaluate("(() => { const x = pricewatch.charts.get('T1').scales.x; return [x.min, x.max]; })()")
    at = page.evaluate(f"Date.parse({link.get_attribute('data-from')!r}) / 1e3")
    assert shown[0] <= at <= shown[1]
    until(page, "document.activeElement.dataset.chart === 'T1'")


def test_what_a_pointer_is_on_is_said(page):
    heat = page.locator("#heat-map")
    heat.scroll_into_view_if_needed()
    box = heat.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert ":" in page.inner_text("#tip")


def test_hostile_names_are_shown_as_they_are(page):
    text = page.inner_text("#incident-table")
    assert "</script><script>window.hacked=1</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert "\\x1b[31m" in text
    page.evaluate("document.querySelectorAll('.chart').forEach(box => box.draw && box.draw())")
    page.locator("[aria-label*='onmouseover']").first.hover()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_it(browser, hostile_page, scheme):
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, color_scheme=scheme)
    page = context.new_page()
    page.goto(hostile_page.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(18, 22, 29)") == (scheme == "dark")
    context.close()


def test_it_prints_without_controls(page):
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert page.pdf().startswith(b"%PDF")
