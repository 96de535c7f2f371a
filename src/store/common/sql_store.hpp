// What an installation needs of its store besides the port: which blobs are referred to, and numbers for metrics.
#pragma once

#include <cstdint>

#include "ports/store.hpp"

namespace kanal::store {

class SqlStore : public ports::Store {
 public:
  /// Does a row refer to this blob? True also when the database cannot say: what may be needed is kept.
  [[nodiscard]] virtual bool knows_blob(const BlobId& id) = 0;
  /// Commits made since the store was opened. For metrics.
  [[nodiscard]] virtual std::uint64_t commits() const = 0;
};

}  // namespace kanal::store
