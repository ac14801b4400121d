"""Texts on which alignment goes wrong first, as (prompt, response)."""

AWKWARD = {
    "plain": ("What is the capital of France?", "The capital of France is Paris."),
    "multi-byte": ("Wie heißt die Straße? 你好", "Grüße, naïve Zoë — 東京は日本の首都です。"),
    "emoji": ("Say it with emoji 😀", "👩‍👩‍👧 🇫🇷 Paris 😀😀!"),
    "CRLF": ("One line\r\nand another", "First.\r\nSecond.\r\n\r\nThird."),
    "leading spaces": ("Indent it.", "   three spaces, then  two"),
    "leading emoji": ("Smile.", "😀"),
    "empty prompt": ("", "Something out of nothing."),
}
