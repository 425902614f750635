"""Rows of several units in one order: each unit's are found by an index, and read no further than they are needed."""


def of_units(*sides: str) -> str:
    """What the units `%(units)s` have, as SQL: of each side, what a statement finds for one unit, `mine.id`.

    A side ends with its own order and limit, so that whatever the units have, a page of each is read. A limit that the
    planner cannot know lets it expect one unit, not ten: then a plan for any units is as good as one for these, and is
    kept.
    """
    mine = "(select id from unnest(%(units)s::bigint[]) as them (id) limit cardinality(%(units)s::bigint[])) mine"
    each = f"select side.* from {mine} cross join lateral ({{}}) side"
    return " union all ".join(each.format(side) for side in sides)
