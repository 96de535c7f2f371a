// The errors of Altinn Correspondence that a sender can meet: code, HTTP status and sentence (dpv.md 6.2), and the body
// they come in (6.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_server.hpp"

namespace kanal::sim {

struct CorrespondenceError {
  int code = 0;
  int status = 400;
  std::string_view detail;
};
/// All of them, by code.
[[nodiscard]] const std::vector<CorrespondenceError>& correspondence_errors();
/// Null: there is no such code.
[[nodiscard]] const CorrespondenceError* find_correspondence_error(int code);

/// Can an upload be refused with it?
[[nodiscard]] constexpr bool is_upload_error(int code) { return code != 1001; }

/// A refusal by a handler. `detail` empty: the catalogue's sentence.
struct CorrespondenceRefusal {
  int code = 0;
  std::string detail{};
};
[[nodiscard]] net::Response refusal_answer(const CorrespondenceRefusal& refusal);
/// Problem details without a code, as the frame around the handlers gives.
[[nodiscard]] net::Response correspondence_problem(int status, std::string_view detail);

/// What attributes of the model object to, before any handler: field and sentence.
using ModelErrors = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] net::Response model_error_answer(const ModelErrors& errors);

}  // namespace kanal::sim
