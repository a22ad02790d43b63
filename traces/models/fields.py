"""Defines columns that several models have."""

from decimal import Decimal

from django.db import models

TOKENS = ("prompt_tokens", "completion_tokens", "cache_tokens", "reasoning_tokens")


class Measured(models.Model):
    """Holds tokens as the provider counted them, null where it did not say; the cost in dollars is null where no price
    is known. `prompt_tokens` counts those read from the provider's cache, which are `cache_tokens`."""

    prompt_tokens = models.IntegerField(null=True, blank=True)
    completion_tokens = models.IntegerField(null=True, blank=True)
    cache_tokens = models.IntegerField(null=True, blank=True)
    reasoning_tokens = models.IntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)

    class Meta:
        abstract = True


class Summed(models.Model):
    """Holds sums of tokens and costs. `unpriced` counts the model steps whose cost is unknown and so is not in the
    sum."""

    prompt_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    cache_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=18, decimal_places=8, default=Decimal(0))
    unpriced = models.IntegerField(default=0)

    class Meta:
        abstract = True
