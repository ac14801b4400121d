"""The worlds that are measured, each labelled before anything was measured, and why.

Good: a number is due. Hopeless: no honest number exists. Broken: the columns are wrong and the engine must say so.
Between: either answer can be defended, so nothing is required but that it is printed how often which was given.

The rule for log-normal weights of spread s on n rows: exp(−s²) n rows is what the sample is worth in theory. Good from
50 such rows and an ESS fraction of .2 up; hopeless below .1 row; between elsewhere.
"""

from dataclasses import dataclass
from typing import Literal

from worlds.damage import averaged, fallback, shuffled, swapped, zeros
from worlds.families import LogNormal, Moved, Pareto
from worlds.world import World

Label = Literal["good", "between", "hopeless", "broken"]


@dataclass(frozen=True)
class Cell:
    """A world with its label and the reason for it.

    `reward` is what the headline must rest on. `heavy`: the label demands at least 93 % coverage, and no more of the
    t error. `widened`: rows are missing not at random, and the interval is held against the truth with the missing
    bounds added to it. `quick` cells are in the fast version.
    """

    name: str
    label: Label
    reason: str
    world: World
    reward: str = "judge"
    heavy: bool = False
    widened: bool = False
    quick: bool = False


CELLS: tuple[Cell, ...] = (
    Cell("good-overlap-200", "good", "ESS fraction .91", World(200, LogNormal(0.3)), quick=True),
    Cell("good-overlap-1000", "good", "ESS fraction .78", World(1000, LogNormal(0.5)), quick=True),
    Cell("good-overlap-5000", "good", "ESS fraction .70", World(5000, LogNormal(0.6))),
    Cell("good-overlap-20000", "good", "ESS fraction .70", World(20_000, LogNormal(0.6))),
    Cell("moderate-overlap-200", "good", "ESS fraction .53, 105 rows", World(200, LogNormal(0.8)), heavy=True),
    Cell("moderate-overlap-1000", "good", "ESS fraction .37, 368 rows", World(1000, LogNormal(1.0)), heavy=True),
    Cell("moderate-overlap-5000", "good", "ESS fraction .24, 1,180 rows", World(5000, LogNormal(1.2)), heavy=True),
    Cell("pareto-4", "good", "power tail, four moments", World(2000, Pareto(4.0)), heavy=True),
    Cell("pareto-3", "good", "power tail, finite variance", World(2000, Pareto(3.0)), heavy=True, quick=True),
    Cell("scoring-noise-.1", "good", "noise costs 1 % of the sample", World(1000, LogNormal(0.5), noise=0.1)),
    Cell("scoring-noise-.3", "good", "noise costs 9 % of the sample", World(1000, LogNormal(0.5), noise=0.3)),
    Cell("clone", "good", "every weight is exactly 1", World(500, LogNormal(0.0), role="clone"), quick=True),
    Cell("clone-noise-.1", "good", "weights are 1 but for scoring noise",
         World(500, LogNormal(0.0), noise=0.1, role="clone")),
    Cell("few-labels-40", "good", "too few labels to map to: the judge's average is due",
         World(1000, LogNormal(0.5), labels=40, curve=2.0)),
    Cell("few-labels-120", "good", "enough labels, and their error counts",
         World(1000, LogNormal(0.5), labels=120, curve=2.0), reward="calibrated", quick=True),
    Cell("biased-judge-300", "good", "the judge flatters; labels correct it",
         World(1000, LogNormal(0.6), labels=300, curve=2.0), reward="calibrated"),
    Cell("biased-judge-5000", "good", "the judge flatters; labels correct it",
         World(5000, LogNormal(0.6), labels=1000, curve=2.0), reward="calibrated"),
    Cell("clustered-4", "good", "four rows per prompt, half of the variance shared",
         World(1000, LogNormal(0.5), draws_per_prompt=4), quick=True),
    Cell("clustered-8-few", "good", "fifty prompts, eight rows each", World(400, LogNormal(0.4), draws_per_prompt=8)),
    Cell("clustered-labels", "good", "four rows per prompt and 300 labels",
         World(1200, LogNormal(0.5), draws_per_prompt=4, labels=300, curve=2.0), reward="calibrated"),
    Cell("scale-0-100", "good", "rewards from 0 to 100", World(1000, LogNormal(0.5), scale=(0.0, 100.0)), quick=True),
    Cell("scale-0-100-labels", "good", "rewards from 0 to 100, labels too",
         World(1000, LogNormal(0.5), scale=(0.0, 100.0), labels=300, curve=2.0), reward="calibrated"),
    Cell("probes-hold", "good", "the calibration holds on 400 labelled answers of the target",
         World(1000, LogNormal(0.6), labels=300, curve=2.0, fresh=600, fresh_labels=400), reward="calibrated"),
    Cell("lost-scores-4", "between", "4 % of the scores lost, low rewards the likelier",
         World(1000, LogNormal(0.5), lost_scores=0.04), widened=True, quick=True),
    Cell("lost-logprobs-4", "between", "4 % of the log-probs lost, low rewards the likelier",
         World(1000, LogNormal(0.5), lost_logprobs=0.04), widened=True),
    Cell("lost-both-15", "between", "8 % of the scores and of the log-probs lost, low rewards the likelier",
         World(1000, LogNormal(0.5), lost_scores=0.08, lost_logprobs=0.08), widened=True),
    Cell("thin-overlap-1000", "between", "ESS fraction .11, 105 rows in theory", World(1000, LogNormal(1.5))),
    Cell("thin-overlap-200", "between", "ESS fraction .11, 21 rows in theory", World(200, LogNormal(1.5))),
    Cell("thinner-overlap-1000", "between", "ESS fraction .018, 18 rows in theory", World(1000, LogNormal(2.0)),
         quick=True),
    Cell("thinner-overlap-20000", "between", "ESS fraction .018, 366 rows in theory", World(20_000, LogNormal(2.0))),
    Cell("thinnest-overlap-1000", "between", "ESS fraction .002, 2 rows in theory", World(1000, LogNormal(2.5))),
    Cell("pareto-1.5", "between", "the weights have no variance", World(2000, Pareto(1.5))),
    Cell("scoring-noise-1", "between", "noise of 1 nat: the mean weight is 1.65, the ranks still stand",
         World(1000, LogNormal(0.5), noise=1.0), quick=True),
    Cell("clone-noise-1", "between", "a clone that is scored with 1 nat of noise",
         World(1000, LogNormal(0.0), noise=1.0, role="clone")),
    Cell("own-bias-unseen", "between", "the judge misjudges the target's own kind of answer; no probe can show it",
         World(1000, LogNormal(0.8), labels=300, own_bias=0.4), reward="calibrated"),
    Cell("probes-lean", "between", "300 labelled answers of the target show a bias of .035, within the margin of .05",
         World(1000, LogNormal(0.8), labels=300, own_bias=0.4, fresh=400, fresh_labels=300), reward="calibrated"),
    Cell("hopeless-200", "hopeless", ".02 rows in theory", World(200, LogNormal(3.0)), quick=True),
    Cell("hopeless-1000", "hopeless", ".005 rows in theory", World(1000, LogNormal(3.5)), quick=True),
    Cell("hopeless-5000", "hopeless", ".0006 rows in theory", World(5000, LogNormal(4.0))),
    Cell("hopeless-20000", "hopeless", ".002 rows in theory", World(20_000, LogNormal(4.0))),
    Cell("hopeless-far", "hopeless", "no row in theory", World(1000, LogNormal(6.0))),
    Cell("unseen-answers-30", "hopeless", "30 % of the target's answers are ones the logs never hold",
         World(1000, LogNormal(0.3), unseen=0.3), quick=True),
    Cell("uniform-bug", "broken", "scored with the logging policy's settings", World(1000, Moved(0.8)), quick=True),
    Cell("zeros", "broken", "all log-probs 0", World(1000, LogNormal(0.5), damage=zeros)),
    Cell("swapped", "broken", "target and logging column swapped; a mean log ratio of +1 nat",
         World(1000, LogNormal(1.4), damage=swapped), quick=True),
    Cell("shuffled", "broken", "the target's log-probs stand on other rows",
         World(1000, LogNormal(0.5), damage=shuffled)),
    Cell("averaged", "broken", "means reported as sums", World(1000, LogNormal(0.5), damage=averaged)),
    Cell("fallback-constant", "broken", "a tenth of the log-probs is −50",
         World(1000, LogNormal(0.5), damage=fallback)),
    Cell("probes-fail", "broken", "400 labelled answers of the target show that the judge flatters it by .16",
         World(2000, LogNormal(1.2), labels=500, own_bias=0.9, fresh=500, fresh_labels=400), reward="calibrated",
         quick=True),
)  # fmt: skip
