"""What a load needs of an encoder, whatever kind of record it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from airflow_provider_clevertap.loading.encoding.blocks import EncodedBlock
from airflow_provider_clevertap.loading.encoding.derived_field import DerivedField
from airflow_provider_clevertap.loading.rows.block import RowBlock


class BlockEncoder(Protocol):
    """Encodes the blocks of one source."""

    def encode_all(self, blocks: Iterable[RowBlock]) -> Iterator[EncodedBlock]:
        """Encode all blocks of the source, in their order.

        :raises MappingError: when a block's columns cannot become records as asked.
        """

    def unused_columns(self) -> list[str]:
        """Return the columns the user named that no block had so far."""

    def new_notes(self) -> list[str]:
        """Return what the user should know about the mapping, each note once."""

    def closing_notes(self) -> list[str]:
        """Return what the user should know at the end of the source."""


class RowEncoder(BlockEncoder, Protocol):
    """Encodes blocks of which each row makes its own record."""

    def encode(self, block: RowBlock, derived: DerivedField | None = None) -> EncodedBlock:
        """Encode one block.

        :param derived: a property of its records that no column holds.
        :raises MappingError: when the block's columns cannot become records as asked.
        """
