"""The items of the checklists, in our words; their own wording stands in the sources.

PRISMA 2020: Page et al. 2021, BMJ 372:n71, table 1. PRISMA-LSR: Akl et al. 2024, BMJ 387:e079183,
table 1. AMSTAR 2: Shea et al. 2017, BMJ 358:j4008.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Item(NamedTuple):
    """One item of a checklist."""

    section: str
    number: str
    topic: str
    asks: str


PRISMA_2020: Final = (
    Item("Title", "1", "Title", "Says that the report is a systematic review"),
    Item("Abstract", "2", "Abstract", "Follows the PRISMA 2020 checklist for abstracts"),
    Item("Introduction", "3", "Rationale", "Why the review, given what is known"),
    Item("Introduction", "4", "Objectives", "The question or objective, explicitly"),
    Item("Methods", "5", "Eligibility", "Criteria, and how studies were grouped for syntheses"),
    Item("Methods", "6", "Sources", "Every source, each with the date it was last searched"),
    Item("Methods", "7", "Search strategy", "Full strategies of all sources, limits and filters"),
    Item("Methods", "8", "Selection", "How many screened, whether independently, tools used"),
    Item(
        "Methods",
        "9",
        "Data collection",
        "How many extracted, whether independently, how confirmed, tools used",
    ),
    Item("Methods", "10a", "Outcomes", "Outcomes sought, and which results of each were chosen"),
    Item(
        "Methods", "10b", "Other data", "Other variables sought, assumptions about what is missing"
    ),
    Item("Methods", "11", "Risk of bias", "Tools, how many assessed, whether independently"),
    Item("Methods", "12", "Effect measures", "The measure of each outcome"),
    Item("Methods", "13a", "Synthesis: eligibility", "How studies were assigned to syntheses"),
    Item(
        "Methods", "13b", "Synthesis: preparation", "Conversions and handling of missing statistics"
    ),
    Item("Methods", "13c", "Synthesis: display", "How results were tabulated and drawn"),
    Item("Methods", "13d", "Synthesis: methods", "Model, heterogeneity, software, with reasons"),
    Item("Methods", "13e", "Synthesis: heterogeneity", "Subgroups, meta-regression"),
    Item("Methods", "13f", "Synthesis: sensitivity", "Sensitivity analyses"),
    Item("Methods", "14", "Reporting bias", "Methods for bias by missing results"),
    Item("Methods", "15", "Certainty", "Methods for certainty of the evidence"),
    Item(
        "Results", "16a", "Study selection", "Numbers from records to studies, with a flow diagram"
    ),
    Item(
        "Results", "16b", "Excluded studies", "Studies that seemed eligible, and why they are out"
    ),
    Item("Results", "17", "Characteristics", "Each included study with its characteristics"),
    Item("Results", "18", "Risk of bias", "Judgements of each study"),
    Item(
        "Results", "19", "Individual studies", "Statistics and effect with interval of each study"
    ),
    Item(
        "Results",
        "20a",
        "Syntheses: studies",
        "Characteristics and bias among contributing studies",
    ),
    Item("Results", "20b", "Syntheses: results", "Estimates, precision, heterogeneity, direction"),
    Item(
        "Results", "20c", "Syntheses: heterogeneity", "Results of investigations of heterogeneity"
    ),
    Item("Results", "20d", "Syntheses: sensitivity", "Results of sensitivity analyses"),
    Item("Results", "21", "Reporting bias", "Assessments of bias by missing results"),
    Item("Results", "22", "Certainty", "Certainty for each outcome"),
    Item("Discussion", "23a", "Interpretation", "Results in the context of other evidence"),
    Item("Discussion", "23b", "Limits of evidence", "Limitations of the evidence"),
    Item("Discussion", "23c", "Limits of processes", "Limitations of how the review was done"),
    Item("Discussion", "23d", "Implications", "For practice, policy and research"),
    Item("Other", "24a", "Registration", "Register and number, or that it was not registered"),
    Item("Other", "24b", "Protocol", "Where the protocol can be read, or that there is none"),
    Item("Other", "24c", "Amendments", "Amendments of registration or protocol, explained"),
    Item("Other", "25", "Support", "Funding and the role of funders"),
    Item("Other", "26", "Competing interests", "Of the authors"),
    Item("Other", "27", "Availability", "Which data, code and materials are available, and where"),
)

PRISMA_LSR: Final = (
    Item("Title", "1", "Title", "Says “living”, and gives the version"),
    Item("Abstract", "2", "Abstract", "Says if the review is retired after this version"),
    Item("Introduction", "3", "Rationale", "Why living; cites the preceding version"),
    Item(
        "Introduction",
        "4",
        "Objectives",
        "Changes of the question since the preceding version, with reasons",
    ),
    Item(
        "Methods",
        "L1",
        "Living mode",
        "Schedule of searches by source, of the other steps; plan to retire, or that there is none",
    ),
    Item("Methods", "9", "Data collection", "How data of studies included before are updated"),
    Item("Methods", "11", "Risk of bias", "How judgements of studies included before are updated"),
    Item(
        "Methods", "13", "Synthesis", "Methods that the living mode asks for, as for repeated looks"
    ),
    Item(
        "Methods", "L2", "Changes of methods", "Changes since the preceding version, with reasons"
    ),
    Item("Results", "16", "Study selection", "What triggered this version; flow across versions"),
    Item("Results", "L3", "Changes of results", "Changes since the preceding version"),
    Item("Discussion", "23", "Discussion", "Limitations of the living mode; changed conclusions"),
    Item("Other", "L4", "Authors", "Authors and their roles, and changes of them"),
)

AMSTAR_2: Final = (
    Item("", "1", "PICO", "Do questions and criteria hold the components of PICO?"),
    Item("critical", "2", "Protocol", "Were the methods fixed before, deviations justified?"),
    Item("", "3", "Designs", "Is the choice of study designs explained?"),
    Item("critical", "4", "Search", "Was the search comprehensive?"),
    Item("", "5", "Selection twice", "Were studies selected in duplicate?"),
    Item("", "6", "Extraction twice", "Were data extracted in duplicate?"),
    Item("critical", "7", "Excluded studies", "Are excluded studies listed with reasons?"),
    Item("", "8", "Description", "Are the included studies described in adequate detail?"),
    Item(
        "critical", "9", "Risk of bias", "Was risk of bias assessed with a satisfactory technique?"
    ),
    Item("", "10", "Funding", "Are the sources of funding of the studies reported?"),
    Item("critical", "11", "Meta-analysis", "Were the methods of combination appropriate?"),
    Item("", "12", "Impact of bias", "Was the impact of risk of bias on the results assessed?"),
    Item(
        "critical",
        "13",
        "Bias in discussion",
        "Is risk of bias accounted for in the interpretation?",
    ),
    Item("", "14", "Heterogeneity", "Is heterogeneity explained and discussed?"),
    Item("critical", "15", "Publication bias", "Was it investigated, its likely impact discussed?"),
    Item("", "16", "Interests", "Are the authors' conflicts of interest reported?"),
)
"""`section` marks the domains that Shea et al. suggest as critical (box 1)."""
