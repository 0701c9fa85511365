"""Where something can still be read, wherever it is kept: for tests of erasure."""

import json
from collections.abc import Iterable, Mapping

import asyncpg


async def in_database(superuser_url: str, database: str, words: Iterable[str]) -> list[str]:
    """Where any of these words stand in the database, as `word in database.table.column`: any table, any column.

    Args:
        superuser_url: of any database of the server; row-level security hides nothing from a superuser.
    """
    found: list[str] = []
    wanted = list(words)
    connection = await asyncpg.connect(f"{superuser_url.rsplit('/', 1)[0]}/{database}")
    try:
        tables = await connection.fetch(
            "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
        )
        for (table,) in tables:
            for (row,) in await connection.fetch(f'select to_jsonb(t) from "{table}" t'):  # noqa: S608 - of the catalogue
                found += [
                    f"{word} in {database}.{table}.{column}"
                    for column, text in columns(json.loads(row)).items()
                    for word in wanted
                    if word.casefold() in text
                ]
    finally:
        await connection.close()
    return list(dict.fromkeys(found))


def columns(row: Mapping[str, object]) -> dict[str, str]:
    """A row's columns as text in which one can search; bytes as the text that they may be."""
    return {column: _text(value).casefold() for column, value in row.items()}


def _text(value: object) -> str:
    if isinstance(value, str) and value.startswith("\\x"):
        return bytes.fromhex(value[2:]).decode("utf-8", "replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
