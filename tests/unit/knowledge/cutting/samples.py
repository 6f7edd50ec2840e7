"""A file of each language, and what is known of it: imports, and the complexity of each function by its name.

A class is there with None. Names are qualified; what only encloses (a namespace) is part of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    text: str
    imports: list[str] = field(default_factory=list)
    parts: dict[str, int | None] = field(default_factory=dict)


SAMPLES = {
    "bash": Sample(
        """\
#!/bin/bash
source ./harbour.sh
. lib/quota.sh

# Settles an invoice.
settle() {
  if [ -n "$1" ] && due "$1"; then
    pay "$1"
  fi
}

function offer {
  for boat in "$@"; do
    case "$boat" in
      a*) echo north ;;
      b*) echo south ;;
    esac
  done
}
""",
        ["./harbour.sh", "lib/quota.sh"],
        {"settle": 3, "offer": 4},
    ),
    "c": Sample(
        """\
#include <stdio.h>
#include "quota.h"

struct quota { int tonnes; struct harbour *home; };
struct harbour *first;

/* Settles an invoice. */
static int *settle(struct quota *q, int due)
{
    for (int i = 0; i < due; i++) {
        if (q->tonnes > i || i == 3) return 0;
    }
    return due ? &q->tonnes : 0;
}

int declared(void);
""",
        ["stdio.h", "quota.h"],
        {"quota": None, "settle": 5},
    ),
    "cpp": Sample(
        """\
#include <vector>

namespace harbour {

template <typename T>
class Quota : public Base {
public:
    explicit Quota(T tonnes) : tonnes_(tonnes) {}
    int left() const { return tonnes_ > 0 ? 1 : 0; }
    int declared();
private:
    T tonnes_;
};

}

int harbour::Quota::settle(Invoice&& invoice)
{
    switch (invoice.kind) {
        case 1: return 1;
        case 2: return 2;
        default: return 0;
    }
}
""",
        ["vector"],
        {"harbour.Quota": None, "harbour.Quota.Quota": 1, "harbour.Quota.left": 2, "harbour.Quota.settle": 3},
    ),
    "csharp": Sample(
        """\
using System;
using System.Collections.Generic;

namespace Harbour
{
    /// <summary>A quota.</summary>
    [Serializable]
    public class Quota : Base
    {
        public int Tonnes { get; set; }

        public int Settle(int due)
        {
            foreach (var invoice in Open())
            {
                if (invoice == due) { return 1; }
            }
            return Find(due) ?? 0;
        }

        public int Left() => Tonnes;
    }
}
""",
        ["System", "System.Collections.Generic"],
        {"Harbour.Quota": None, "Harbour.Quota.Settle": 4, "Harbour.Quota.Left": 1},
    ),
    "go": Sample(
        """\
package quota

import (
	"fmt"
	h "example.com/harbour"
)

// Quota is a right to fish.
type Quota struct {
	Tonnes int
}

// Settle pays an invoice.
func (q *Quota) Settle(due int) error {
	if due > q.Tonnes && due > 0 {
		return fmt.Errorf("too much")
	}
	return nil
}

func New() *Quota { return &Quota{} }
""",
        ["fmt", "example.com/harbour"],
        {"Quota": None, "Quota.Settle": 3, "New": 1},
    ),
    "java": Sample(
        """\
package harbour;

import java.util.List;
import static java.util.Map.*;

/** A quota. */
public class Quota {
    private int tonnes;

    public Quota(int tonnes) { this.tonnes = tonnes; }

    @Override
    public int settle(int due) {
        try {
            while (due > 0) { due--; }
        } catch (IllegalStateException e) {
            return 0;
        }
        return due > 1 ? 1 : 2;
    }

    interface Port { void enter(); }
}
""",
        ["java.util.List", "java.util.Map.*"],
        {"Quota": None, "Quota.Quota": 1, "Quota.settle": 4, "Quota.Port": None},
    ),
    "javascript": Sample(
        """\
import React from 'react';
const fs = require("fs");

export const Offer = ({ boats }) => {
  return boats ? <List boats={boats} /> : <Empty />;
};

module.exports.settle = function (due) {
  return due && pay(due) || null;
};

export class Quota extends Base {
  left = () => this.tonnes ?? 0;

  async settle(due) {
    for (const invoice of due) { await pay(invoice); }
  }
}

function* boats() { yield 1; }
""",
        ["react", "fs"],
        {"Offer": 2, "settle": 3, "Quota": None, "Quota.left": 2, "Quota.settle": 2, "boats": 1},
    ),
    "php": Sample(
        """\
<?php
namespace Harbour;

use Harbour\\Money\\Invoice;
require_once 'boats.php';

/** A quota. */
class Quota
{
    private int $tonnes;

    public function settle($due)
    {
        foreach ($due as $one) {
            if ($one > 0 and $this->tonnes) { return 1; }
        }
        return match (true) { $due > 1 => 2, default => 3 };
    }
}

function left() { return 0; }
""",
        ["Harbour\\Money\\Invoice", "boats.php"],
        {"Quota": None, "Quota.settle": 5, "left": 1},
    ),
    "python": Sample(
        '''\
"""Quotas."""

from __future__ import annotations

import os.path as path, sys
from .harbour import Boat


@final
class Quota(Base):
    """A right to fish."""

    tonnes: int = 0

    # Pays.
    @traced
    async def settle(self, due: int) -> int:  # soon
        """Pay an invoice."""
        if due and self.tonnes or due > 3:
            return sum(one for one in range(due) if one)
        match due:
            case 0:
                return 1
        return 0

    class Harbour:
        def enter(self): ...


def left():
    def inner(): return 1 if left else 2
    return inner
''',
        ["__future__", "os.path", "sys", ".harbour"],
        {"Quota": None, "Quota.settle": 7, "Quota.Harbour": None, "Quota.Harbour.enter": 1, "left": 2},
    ),
    "ruby": Sample(
        """\
require 'json'
require_relative "boats"

module Harbour
  class Quota < Base
    # Pays.
    def settle(due)
      return 1 if due && open?
      left unless due
    end

    def self.first
      all.first
    end
  end
end
""",
        ["json", "boats"],
        {"Harbour": None, "Harbour.Quota": None, "Harbour.Quota.settle": 4, "Harbour.Quota.first": 1},
    ),
    "rust": Sample(
        """\
use std::fmt::Display;

/// A right to fish.
#[derive(Debug)]
pub struct Quota { tonnes: u32 }

impl<T> Settle for Quota<T> {
    fn settle(&self, due: u32) -> u32 {
        for one in 0..due {
            if one > 2 { return one; }
        }
        match due { 0 => 1, _ => 2 }
    }
}

mod port {
    pub fn enter() -> bool { true && false }
}
""",
        ["std::fmt::Display"],
        {"Quota": None, "Quota.settle": 5, "port.enter": 2},
    ),
    "tsx": Sample(
        """\
import { h } from "./h";

export const Offer = (props: Props): Element => props.open ? <b>{props.name}</b> : <i />;
""",
        ["./h"],
        {"Offer": 2},
    ),
    "typescript": Sample(
        """\
import type { Boat } from "./boats";
export { Port } from './port';

namespace Harbour {
  export interface Settles { settle(due?: number): void }

  export abstract class Quota<T> implements Settles {
    constructor(private tonnes?: number) { super(); }

    @traced()
    settle(due: number): void {
      if (due!) { pay(<any>due); }
    }

    abstract left(): number;
  }
}

export function left(due?: number): number { return due ? 1 : 2; }
""",
        ["./boats", "./port"],
        {
            "Harbour.Settles": None,
            "Harbour.Quota": None,
            "Harbour.Quota.constructor": 1,
            "Harbour.Quota.settle": 2,
            "left": 2,
        },
    ),
}
