// Strong types for the identifiers that cross folder borders, and new random ones.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace kanal {

/// A text with a meaning; `Tag` keeps different meanings apart. Compared as given.
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  std::string text_;
};

/// `documentIdentification.instanceIdentifier` of an SBD.
using MessageId = Id<struct MessageIdTag>;
/// `instanceIdentifier` of the ConversationId scope.
using ConversationId = Id<struct ConversationIdTag>;
/// Nine digits, no `0192:`.
using Orgnr = Id<struct OrgnrTag>;
/// A service identifier as the registry writes it: `DPO`, `DPV`, ... Open: a seventh needs no change here.
using ServiceIdentifier = Id<struct ServiceIdentifierTag>;
/// A blob in the spool.
using BlobId = Id<struct BlobIdTag>;

/// Random version 4 UUID, lower case. Thread-safe.
[[nodiscard]] std::string new_uuid();
/// The same id for the same name every time (version 5); names of other purposes give other ids.
[[nodiscard]] std::string derived_uuid(std::string_view purpose, std::string_view name);

/// Canonical 8-4-4-4-12 form in either case.
[[nodiscard]] bool is_uuid(std::string_view text);

}  // namespace kanal

template <class Tag>
struct std::hash<kanal::Id<Tag>> {
  std::size_t operator()(const kanal::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
