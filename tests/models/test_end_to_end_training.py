"""The end-to-end paper's network: its layers, its training, its shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.resources import weights_path
from models.training import piano_tasks
from models.training.piano_tasks import FRAME, TASKS

torch = pytest.importorskip("torch", reason="torch is absent: install the extra `train`")

SHIPPED_LOSS = {"shelving": 0.019, "peaking": 0.0175, "low_pass": 0.0265, "high_pass": 0.0205}
"""Most loss of the shipped weights on a small sample of the held-out notes."""


HALVED_TREBLE = torch.tensor([[[0.25, 0.5, 0.25]]])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def networks() -> list[object]:
    from models.training.end_to_end_net import EndToEnd

    made = []
    for native in (True, False):
        made.append(EndToEnd(native=native))
    return made


def frames(count: int, seed: int = 0) -> object:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(
        (0.1 * rng.standard_normal((count, FRAME))).astype(np.float32) * piano_tasks.hann()
    )


@pytest.mark.parametrize("latent", [True, False])
def test_layers_in_c_give_what_torch_gives_and_its_gradients(latent: bool) -> None:
    from models.training.end_to_end_net import training_loss

    ours, theirs = networks()
    losses = [training_loss(frames(3, 1), net(frames(3), latent=latent)) for net in (ours, theirs)]
    assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-5)
    for value in losses:
        value.backward()
    for (name, weight), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if other.grad is None:
            assert weight.grad is None, name
        else:
            assert (weight.grad - other.grad).norm() <= 1e-4 * other.grad.norm(), name


def test_the_network_is_the_papers() -> None:
    net, _ = networks()
    shapes = {name: tuple(weight.shape) for name, weight in net.named_parameters()}
    assert shapes["first"] == (128, 64)
    assert shapes["local"] == (128, 128)
    assert shapes["dense_local"] == (128, 64, 64)
    assert shapes["dense"] == (64, 64)
    assert net(frames(2)).shape == (2, FRAME)


def test_the_training_loss_is_the_loss_that_is_reported() -> None:
    from models.training.end_to_end_net import training_loss

    wanted, got = frames(4, 1), frames(4, 2)
    reported = piano_tasks.loss(wanted.numpy(), got.numpy())
    assert training_loss(wanted, got).item() == pytest.approx(reported.total, rel=1e-4)


@pytest.mark.parametrize("stage", ["_autoencoder", "_alike", ""])
def test_a_run_that_broke_off_goes_on_as_if_it_had_not(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.training import train_end_to_end as training

    monkeypatch.setattr(training, "_REPORT_EVERY", 2)

    def trained(folder: Path, stop_at: int | None) -> dict[str, object]:
        folder.mkdir(exist_ok=True)
        net = training.EndToEnd()
        run = training.Run("shelving", stage, 4, 2, 5, folder)
        signals = [np.random.default_rng(1).standard_normal((3, 64000)).astype(np.float32)]
        draw = training.batches(signals, signals, run)

        def batch(step: int) -> object:
            if step == stop_at:
                raise KeyboardInterrupt
            return draw(step)

        training.train(net, batch, run)
        return {name: weight.detach().clone() for name, weight in net.named_parameters()}

    whole = trained(tmp_path / "whole", None)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "broken", 3)
    resumed = trained(tmp_path / "broken", None)
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=1e-5, atol=1e-7)
    lines = (tmp_path / "broken" / "curve.jsonl").read_text().splitlines()
    assert len(lines) == 2


@pytest.mark.parametrize("latent", [True, False])
def test_untrained_it_nearly_gives_its_input_back(latent: bool) -> None:
    net, _ = networks()
    times = torch.arange(FRAME) / piano_tasks.RATE_HZ
    freqs_hz = torch.tensor([[110.0], [440.0], [1000.0], [3000.0], [5000.0]])
    window = torch.from_numpy(piano_tasks.hann())
    given = 0.1 * window * torch.sin(2 * torch.pi * freqs_hz * times)
    with torch.no_grad():
        got = net(given, latent=latent)
    assert ((got - given).norm(dim=1) < 0.12 * given.norm(dim=1)).all()


def test_the_first_stage_moves_all_places_of_a_channel_alike(tmp_path: Path) -> None:
    from models.training import train_end_to_end as training

    net, untouched = training.EndToEnd(), training.EndToEnd()
    training.train(
        net,
        lambda step: (frames(4, step), frames(4, step + 1)),
        training.Run("peaking", "_alike", 3, 4, 5, tmp_path),
    )
    biases = net.dense_local_bias.detach()
    assert torch.equal(biases, biases[:, :1].expand_as(biases))
    assert not torch.equal(biases, untouched.dense_local_bias)
    assert torch.equal(net.local, untouched.local)
    assert torch.equal(net.dense_local, untouched.dense_local)


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    from models.training import train_end_to_end as training

    source = frames(8)
    pair = source, torch.nn.functional.conv1d(source[:, None], HALVED_TREBLE, padding=1)[:, 0]
    net = training.EndToEnd()
    before = training.training_loss(pair[1], net(pair[0])).item()
    training.train(net, lambda _: pair, training.Run("low_pass", "_alike", 60, 8, 5, tmp_path))
    assert training.training_loss(pair[1], net(pair[0])).item() < 0.7 * before


def test_trained_tasks_are_packed_into_one_file(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from models.training.end_to_end_net import shipped
    from models.training.train_end_to_end import ship

    net, _ = networks()
    weights = {name: weight.detach() for name, weight in net.named_parameters()}
    for task in TASKS:
        for run in (task, f"{task}_autoencoder"):
            save_file(weights, tmp_path / f"{run}.safetensors", metadata={"step": "1"})
    ship(tmp_path, tmp_path / "all.safetensors")
    signal = frames(2)
    with torch.no_grad():
        wanted = {latent: net(signal, latent=latent).numpy() for latent in (True, False)}
    for latent, run in ((True, "peaking"), (False, "peaking_autoencoder")):
        got = shipped(tmp_path / "all.safetensors", run)(signal.numpy())
        # Half precision may move a pool's largest value by a sample.
        assert np.sum((got - wanted[latent]) ** 2) < 1e-2 * np.sum(wanted[latent] ** 2), run


@pytest.mark.parametrize("task", TASKS)
def test_shipped_weights_keep_their_figure(task: str, data_dir: Path) -> None:
    from models.training.end_to_end_net import shipped

    network = shipped(weights_path("end_to_end"), task)
    losses = []
    for note in [one for one in piano_tasks.notes(data_dir) if one.held_out][::16]:
        dry = piano_tasks.waveform(note)
        wet = piano_tasks.frames(piano_tasks.equalised(dry, task), 4 * FRAME)
        losses.append(piano_tasks.loss(wet, network(piano_tasks.frames(dry, 4 * FRAME))))
    assert piano_tasks.mean_loss(losses).total <= SHIPPED_LOSS[task]
