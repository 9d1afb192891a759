"""Recipes that build the shipped targets and weights."""
