"""Diagnosis: the name of a mistake, where outputs are exactly those of a known wrong variant.

A homework describes its variants as code (`variants`), a release carries what they give on its own cases
(`fingerprints`); either way they become `Suspect`, and `decide` compares them with what a submission gave.
Nothing is guessed: where no variant fits every case, or more than one does, there is no diagnosis.
"""

from autograder.diagnosis.decide import diagnose
from autograder.diagnosis.fingerprints import case_key, fingerprints, read_fingerprints
from autograder.diagnosis.suspects import Suspect, load_suspects

__all__ = ["Suspect", "case_key", "diagnose", "fingerprints", "load_suspects", "read_fingerprints"]
