// The multipart form of `POST /correspondence/upload` (dpv.md 5.1): part names in dot or bracket notation, read without
// regard to case as the real model binder does, unknown ones kept and ignored. One object per request, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/correspondence_errors.hpp"
#include "sim/correspondence_types.hpp"

namespace kanal::sim {

/// `correspondence.propertyList[senderOrgNumber]` and `correspondence.propertyList.senderOrgNumber` are the same: the
/// steps between dots and brackets. Nothing for an empty, unbalanced, too long or too deep name.
[[nodiscard]] std::optional<std::vector<std::string>> form_path(std::string_view name);

class CorrespondenceForm {
 public:
  /// A text part. The first of a name counts; `recipients` and `existingAttachments` may be repeated. False: the name
  /// is no path.
  bool add(std::string_view name, std::string value);
  /// Adds to `errors` what the model's attributes object to: missing, malformed, too long. `synthetic`: do synthetic
  /// persons exist?
  [[nodiscard]] CorrespondenceRequest read(bool synthetic, ModelErrors& errors) const;

 private:
  class Reader;
  struct Field {
    std::vector<std::string> path;  ///< as written
    std::string value;
  };
  std::map<std::string, Field, std::less<>> fields_;  ///< by path, lower case, joined with dots
};

}  // namespace kanal::sim
