"""Makes the small models: random weights from a fixed seed, vocabularies trained on a few sentences."""

from tests.providers.smollm.tiny import CHAT

CORPUS = [
    "The capital of France is Paris, and the cat sees a red house by night.",
    "Wie heißt die Straße? 東京は日本の首都です。 naïve Zoë 😀 👩‍👩‍👧",
    "def f(x):\n\treturn x + 1\r\n\r\nYes. No. yes no Yes No",
] * 20
CONTEXT = 256


def write_byte_level(folder):
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", bos_token="<|endoftext|>")
    fast.chat_template = CHAT
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(fast), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=CONTEXT, eos_token_id=2, bos_token_id=0, initializer_range=0.5,
    )  # fmt: skip
    return _saved(LlamaForCausalLM(config), fast, folder)


def write_sentencepiece(folder):
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trainer = trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>", "</s>"], show_progress=False)
    trained.train_from_iterator([line.replace("😀", "") for line in CORPUS], trainer)
    vocabulary = trained.get_vocab()
    vocabulary |= {f"<0x{byte:02X}>": len(vocabulary) + byte for byte in range(256)}
    merges = [tuple(m) for m in __import__("json").loads(trained.to_str())["model"]["merges"]]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", unk_token="<unk>")
    torch.manual_seed(8)
    config = GPT2Config(
        vocab_size=len(fast), n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=4, eos_token_id=1, bos_token_id=1,
        initializer_range=0.4, resid_pdrop=0.5, embd_pdrop=0.5, attn_pdrop=0.5,
    )  # fmt: skip
    return _saved(GPT2LMHeadModel(config), fast, folder)


def _saved(model, tokenizer, folder):
    model.generation_config.update(repetition_penalty=5.0, do_sample=True, top_k=2, temperature=3.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
