// Checks documents against an XML Schema that the operator has put on disk. The schema may be of several files beside
// each other, never of others on a network; hints in a document about where schemas lie are not followed. What is told
// about a document are lines, names of elements, and rules: never its values.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace kanal::formats {

/// The first rule that a document breaks, and how many in all.
struct SchemaBreach {
  int line = 0;
  std::string text;  ///< `element tittel: a value of the wrong form`
  int count = 0;
};

/// Copies share the compiled schema. Any thread may validate, several at a time.
class XmlSchema {
 public:
  /// `schema.unreadable` with the file and what is wrong, `schema.remote` for a part that is not a file.
  static Result<XmlSchema> load(const std::filesystem::path& file);
  /// Absent: the document is valid. Errors are those of xml.hpp.
  [[nodiscard]] Result<std::optional<SchemaBreach>> validate(ByteView document) const;

 private:
  struct Compiled;
  explicit XmlSchema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace kanal::formats
