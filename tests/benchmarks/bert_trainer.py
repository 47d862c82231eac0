"""S2-4.2's recipe for BERT with Hugging Face's Trainer, which bert.py runs in an environment of its own.

    python bert_trainer.py job.json result.json

Repaired where it cannot run or learn: it printed random weights and no labels. The batches, the warm-up, the decay and
all that it left to the Trainer's defaults (AdamW, 5e-5, a rate that falls to 0) are as printed.

A job: folder of the model; train, a list of texts with the list of their labels; test, a list of texts; length, in
tokens; dynamic, whether a batch is padded to its longest text only; epochs; seed; output, a folder. A result: seconds
of training, without evaluation, and the first step's; steps; predicted labels of `test`; lengths of the training texts
in tokens; seconds of processor time in all; threads; version.
"""

import json
import sys
import time
from pathlib import Path

import torch
import transformers


class Clock(transformers.TrainerCallback):
    """Keeps the seconds of training epochs and of the first step, which warms up."""

    def __init__(self):
        self.seconds, self.first = 0.0, None

    def on_epoch_begin(self, *args, **kwargs):
        self.epoch_start = time.perf_counter()

    def on_step_begin(self, *args, **kwargs):
        self.step_start = time.perf_counter()

    def on_step_end(self, *args, **kwargs):
        if self.first is None:
            self.first = time.perf_counter() - self.step_start

    def on_epoch_end(self, *args, **kwargs):
        self.seconds += time.perf_counter() - self.epoch_start


def encode(tokenizer, texts, job):
    """Token ids and masks, a dict for each text."""
    padding = False if job["dynamic"] else "max_length"
    table = tokenizer(texts, truncation=True, max_length=job["length"], padding=padding)
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def main(job):
    """Train, and predict the test texts; see the module's first lines."""
    transformers.set_seed(job["seed"])  # the new head's weights
    tokenizer = transformers.AutoTokenizer.from_pretrained(job["folder"])
    texts, labels = job["train"]
    train = [
        row | {"labels": label} for row, label in zip(encode(tokenizer, texts, job), labels, strict=True)
    ]
    clock = Clock()
    trainer = transformers.Trainer(
        model=transformers.AutoModelForSequenceClassification.from_pretrained(job["folder"], dtype="float32"),
        args=transformers.TrainingArguments(
            output_dir=job["output"],
            num_train_epochs=job["epochs"],
            per_device_train_batch_size=16,
            per_device_eval_batch_size=64,
            warmup_steps=500,
            weight_decay=0.01,
            seed=job["seed"],
            use_cpu=True,
            save_strategy="no",  # writing checkpoints is not training
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=train,
        data_collator=transformers.DataCollatorWithPadding(tokenizer) if job["dynamic"] else None,
        callbacks=[clock],
    )
    trainer.train()
    return {
        "seconds": clock.seconds,
        "first": clock.first,
        "steps": trainer.state.global_step,
        "predicted": trainer.predict(encode(tokenizer, job["test"], job)).predictions.argmax(axis=1).tolist(),
        "lengths": [sum(row["attention_mask"]) for row in train],
        "cpu": time.process_time(),
        "threads": torch.get_num_threads(),
        "version": f"PyTorch {torch.__version__}, Transformers {transformers.__version__}",
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
