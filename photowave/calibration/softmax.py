"""Multinomial logistic regression with soft targets."""

import torch
from torch import Tensor

from photowave.generation.one_thread import one_thread


def fit_softmax(
    inputs: Tensor,
    targets: Tensor,
    *,
    weights: Tensor,
    penalty: float,
    centre: Tensor | None = None,
    bias_penalty: float = 0.0,
    steps: int = 100,
) -> tuple[Tensor, Tensor]:
    """Fit a multinomial logistic regression to soft targets; convex, so there is one answer.

    Args:
        inputs: [examples, features].
        targets: Probabilities, [examples, classes].
        weights: How much each example counts, [examples].
        penalty: Weight of the squared distance of the weights from `centre`.
        centre: What is known of the weights before any example, [classes, features]; None is zero.
        bias_penalty: Weight of the squared biases; a class without examples needs it.
        steps: Most L-BFGS iterations.

    Returns:
        Weights [classes, features] and biases [classes].
    """
    start = torch.zeros(targets.shape[1], inputs.shape[1]) if centre is None else centre
    weight = start.clone().requires_grad_()
    bias = torch.zeros(targets.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        scores = torch.log_softmax(inputs @ weight.t() + bias, -1)
        loss = -(weights * (targets * scores).sum(1)).sum() / weights.sum()
        loss = loss + penalty * (weight - start).square().sum() + bias_penalty * bias.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    # Its steps are many and small.
    with torch.enable_grad(), one_thread():
        optimiser.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()
