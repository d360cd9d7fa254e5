"""Columns as rules see them, read off the views of `sql/metrics`, are those that the engine gives of these views."""

import pyarrow as pa
import pytest

from quality.engine.connection import EngineOptions, open_engine, register_table
from quality.engine.statements import statement
from quality.evaluation.robust.margins import LOOK_AHEAD, LOOK_BACK
from quality.evaluation.robust.metrics import Needs
from quality.evaluation.robust.seen import Seen
from quality.evaluation.robust.set import _relations
from quality.evaluation.robust.shared import prepare
from tests.random_panels import draw_panel, part_of


@pytest.mark.parametrize("on_the_day", [False, True])
def test_columns_are_those_of_the_views(*, on_the_day: bool) -> None:
    grid = part_of(draw_panel(3, tickers=4), 0, 200, LOOK_BACK, LOOK_AHEAD)
    relations = _relations(prepare(grid), Needs(every_cell=True))
    seen = Seen(relations["measured_cells"], beside=False, on_the_day=on_the_day)
    with open_engine(EngineOptions()) as engine:
        for name, table in relations.items():
            register_table(engine, name, table)
        for name in ("robust/words", "metrics/robust_alone", "metrics/robust"):
            engine.execute(statement(name))
        view = engine.sql(f"from {'cells_on_the_day' if on_the_day else 'metrics'}").to_arrow_table()
    assert seen.names == view.column_names
    ours = seen.some(seen.names, None)
    texts = pa.schema(
        [(each.name, pa.string() if pa.types.is_dictionary(each.type) else each.type) for each in ours.schema]
    )
    assert ours.cast(texts).equals(view.cast(texts))
