// What one node at a time does when several share a store: polling an inbox, telling of statuses, housekeeping.
#pragma once

#include <string>

#include "base/time.hpp"
#include "ports/store.hpp"

namespace kanal::flow {

/// How long a node that vanished keeps the others waiting; longer than any pause between two rounds of work.
constexpr Duration turn_length = std::chrono::minutes(3);

/// Takes the turn `name`, or keeps it; to be asked before each round and each larger step of it. False: another node
/// has it.
inline Result<bool> take_turn(ports::Store& store, Clock& clock, const std::string& name) {
  bool taken = false;
  auto asked = store.write([&](ports::Txn& txn) -> Result<void> {
    auto mine = txn.take_turn(name, clock.now(), clock.now() + turn_length);
    if (!mine) return failed(mine);
    taken = *mine;
    return {};
  });
  if (!asked) return failed(asked);
  return taken;
}

}  // namespace kanal::flow
