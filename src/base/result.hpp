// The one way an expected failure travels: as a value. Exceptions are for broken invariants only.
// Error says what happened (a stable code), tells an operator in one sentence, and says by its
// disposition what the flow does next; the flow looks at nothing else.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace kanal {

/// What the owner of the work does after a failure.
enum class Disposition {
  retry,   ///< May succeed later: try again with back-off.
  reject,  ///< Never will: tell whoever asked, and stop.
  bug,     ///< Should not be possible: stop, log loudly, keep the evidence.
};

/// A failure. `code` is stable and dotted (`cms.truncated`); `message` is one sentence for a person and
/// never holds a secret or a payload.
struct Error {
  std::string code;
  std::string message;
  Disposition disposition = Disposition::reject;
  /// Earliest useful time for a retry, when the counterpart said so.
  std::optional<std::chrono::milliseconds> retry_after{};
  std::shared_ptr<const Error> cause{};

  /// "message: cause message: ..." for logs and status descriptions.
  [[nodiscard]] std::string text() const { return cause ? message + ": " + cause->text() : message; }
};

/// A value or an Error. Ignoring one does not compile.
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

/// `return reject("zip.truncated", "...")`: the work can never succeed.
[[nodiscard]] inline tl::unexpected<Error> reject(std::string code, std::string message) {
  return tl::unexpected<Error>(Error{std::move(code), std::move(message), Disposition::reject, {}, {}});
}

/// The work may succeed when tried again.
[[nodiscard]] inline tl::unexpected<Error> retry(std::string code, std::string message) {
  return tl::unexpected<Error>(Error{std::move(code), std::move(message), Disposition::retry, {}, {}});
}

/// The program itself is at fault.
[[nodiscard]] inline tl::unexpected<Error> bug(std::string code, std::string message) {
  return tl::unexpected<Error>(Error{std::move(code), std::move(message), Disposition::bug, {}, {}});
}

/// Passes an error on unchanged: `if (!r) return failed(r);`
template <class R>
[[nodiscard]] tl::unexpected<Error> failed(R&& result) {
  return tl::unexpected<Error>(std::forward<R>(result).error());
}

/// Puts a sentence of context before an error; code and disposition stay.
[[nodiscard]] inline tl::unexpected<Error> failed(Error cause, std::string context) {
  Error outer{cause.code, std::move(context), cause.disposition, cause.retry_after, {}};
  outer.cause = std::make_shared<const Error>(std::move(cause));
  return tl::unexpected<Error>(std::move(outer));
}

}  // namespace kanal
