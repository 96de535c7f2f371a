// Senders and receivers as logs and mails may show them.
#pragma once

#include <string>

namespace kanal::flow {

/// `(person)` for a number of eleven digits: who is a person is nobody's business there, and one with a slip in it is
/// one still. Everything else as it is.
[[nodiscard]] std::string shown_party(const std::string& party);

}  // namespace kanal::flow
