"""Check that converters and models turn every cell of random tables into the same value."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from typing import Any, get_args

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock, RowIssues
from airflow_provider_clevertap.loading.encoding.encoder import Encoder
from airflow_provider_clevertap.loading.mapping.parse import parse_columns
from airflow_provider_clevertap.loading.mapping.plan import plan_columns
from airflow_provider_clevertap.loading.outcomes.outcome import Outcome, RowOutcome
from airflow_provider_clevertap.loading.record_kinds import RecordKind
from airflow_provider_clevertap.loading.rows import slicing
from airflow_provider_clevertap.loading.rows.block import RowBlock
from airflow_provider_clevertap.records.phones import PhoneCheck
from airflow_provider_clevertap.records.record_validation import RecordValidator, ValidationResult
from tests.support.examples_of_properties import TIMES
from tests.support.random_tables import ROWS, random_table

PART_ROWS = 75
NOW = 1_800_000_000
TABLES = 20 * TIMES  # 4,000 rows for each case


def records_by_row(encoded: EncodedBlock) -> dict[int, Any]:
    texts = encoded.records.to_pylist()
    assert len(texts) == len(encoded.rows)
    assert all(text.endswith("},") for text in texts)
    return {int(row): json.loads(text[:-1]) for row, text in zip(encoded.rows, texts, strict=True)}


def check_agreement(
    kind: RecordKind,
    seeds: range,
    drop: tuple[str, ...] = (),
    make: Callable[..., Any] = random_table,
    share: float = 0.03,
) -> None:
    vectorized_rows = 0
    for seed in seeds:
        source = random.Random(seed)
        block, choices = make(source, kind)
        choices |= {name: None for name in choices if choices[name].name in drop}
        country = source.choice([None, "IN", "GB"])
        phone_check = source.choice(get_args(PhoneCheck))
        on_bad_value = source.choice(["reject", "drop"])
        fixed = source.random() < 0.7
        options = {"default_country": country, "phone_check": phone_check, "on_bad_value": on_bad_value}
        encoder = Encoder(kind, choices, fixed=fixed, **options)
        validated: list[int] = []
        parts = _encode_counting(encoder, block, validated)
        vectorized_rows += len(block) - len(validated)

        planned = plan_columns(
            block.names,
            parse_columns(choices),
            schema=kind.schema,
            constants=kind.constants,
            latest_birth=kind.latest_birth,
        )
        validator = RecordValidator(
            kind.schema,
            [column.rule for column in planned],
            constants=kind.constants,
            settings=kind.settings,
            **options,
        )
        sources = {column.rule.key: column.source for column in planned}
        found, unsent, dropped = {}, {}, {}
        for start, encoded in parts:
            found |= {start + row: record for row, record in records_by_row(encoded).items()}
            unsent |= {start + row: one for row, one in encoded.unsent.items()}
            dropped |= {start + row: one for row, one in encoded.dropped.items()}
        repeatable = {start + row: encoded.repeatable for start, encoded in parts for row in range(len(encoded.block))}
        for row, cells in enumerate(block.rows(range(len(block)))):
            result = validator.validate([cells[column.source] for column in planned])
            where = f"seed {seed}, row {row}: {cells}"
            if row in block.row_errors:
                assert row not in found, where
                assert unsent[row].outcome is Outcome.INVALID, where
            elif result.record is None:
                assert row not in found, where
                assert unsent[row] == outcome_of(result, sources), where
            else:
                assert found[row] == result.record, where
                assert row not in unsent
                assert dropped.get(row) == (outcome_of(result, sources) if result.issues else None), where
                assert result.repeatable or not repeatable[row], where
    # The test would prove nothing if every row went through the models anyway.
    assert vectorized_rows > len(seeds) * ROWS * share


def outcome_of(result: ValidationResult, sources: dict[str, str]) -> RowOutcome:
    """Return the outcome that reports a result of the models, with every word of its message."""
    faults = tuple((sources.get(fault.field, fault.field), fault) for fault in result.issues)
    return RowIssues(result.record is not None, result.empty, faults).outcome


def _encode_counting(encoder: Encoder, block: RowBlock, validated: list[int]) -> list[tuple[int, EncodedBlock]]:
    """Encode a table in several blocks, as what is found in one is kept for the next."""
    plan = encoder._plan(block)
    validate = plan.rows.validator.validate

    def counting(*cells: Any) -> Any:
        validated.append(1)
        return validate(*cells)

    plan.rows.validator.validate = counting  # type: ignore[method-assign]
    bounds = [*range(0, len(block), PART_ROWS), len(block)]
    return [
        (start, encoder.encode(slicing.slice_block(block, start, stop))) for start, stop in itertools.pairwise(bounds)
    ]
