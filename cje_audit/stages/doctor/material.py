"""What the preflight asks about: short texts of its own, never a row of the data and never a stored answer."""

PROMPT = "Which river flows through Paris, and what is the city known for?"
HEAD = "It is the Seine, which runs through the middle of the city,"
TAIL = " and Paris is known for its museums and its bread."
WHOLE = HEAD + TAIL
SHUFFLED = (
    "bread museums and its the for known is Paris and city, the of middle through runs which Seine, the is It its."
)
OTHER_TEXT = "Write one line about the weather on the moon.\n\n"  # put before everything by the wrong-template control

ENDING = 40  # characters at the end of a template, enough for any way of cutting them

FIRST_PART = "It is the Seine."
SECOND_PART = "Paris lies on its banks."  # after a blank line, where the template `completion` ends a prompt too

OPENINGS = (  # a prompt and how the response begins: it ends with a word, where no tokenizer cuts otherwise later
    ("What is the capital of France?", "The capital of France is"),
    ("Count from one to five.", "One, two, three"),
)
RIVALS = (" zebra", " purple")  # no model goes on like this

JUDGED = (
    ("What is the capital of France?", "The capital of France is Paris."),
    ("What is 2 + 2?", "2 + 2 is 4."),
    ("What is the capital of France?", "Bananas are yellow."),
    ("Name a primary colour.", "Red is a primary colour."),
    ("What is 2 + 2?", "2 + 2 is 17."),
)
OPPONENT = "I do not know."  # what a pairwise judge compares with
