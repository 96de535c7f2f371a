// From a message to a correspondence: the form of dpv.md sections 4 and 5.1. Pure functions, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/sbd.hpp"
#include "formats/arkivmelding.hpp"
#include "ports/records.hpp"
#include "transports/dpv/dpv_settings.hpp"

namespace kanal::transports::dpv {

/// What is known of a message besides itself.
struct Surroundings {
  std::string resource;                                 ///< of the receiver's service record
  std::string sender_name;                              ///< of the part, or of the installation's organisation
  const formats::Arkivmelding* arkivmelding = nullptr;  ///< null for `digital_dpv`
};

struct Correspondence {
  std::string title;
  std::vector<std::pair<std::string, std::string>> fields;  ///< name and text of each form part, in order
  std::vector<const ports::Attachment*> files;              ///< the file parts, in the order of their metadata
  std::vector<std::string> remarks;                         ///< what was cut
};

/// `dpv.resource`, `dpv.content`, `dpv.document` (reject) with what to change. `files` outlive the result.
Result<Correspondence> make_correspondence(const domain::Sbd& sbd, const Surroundings& around,
                                           std::span<const ports::Attachment> files, const Settings& settings,
                                           Time now);

/// `urn:altinn:organization:identifier-no:...` or that of a person.
Result<std::string> recipient_urn(const domain::Sbd& sbd);

/// Organisation number of whom the message is from: the part that it is sent on behalf of, or the installation's own.
Result<std::string> sender_number(const domain::Sbd& sbd);

/// Is it one of those that DPV carries, `digital_dpv`?
[[nodiscard]] bool is_digital_dpv(const domain::Sbd& sbd);

/// 1 to 255 characters, none that Altinn refuses, no reserved name, one of the extensions that it takes (dpv.md 6.2).
/// Gives what is wrong.
[[nodiscard]] std::optional<std::string> wrong_name(std::string_view filename);
[[nodiscard]] std::optional<std::string> wrong_extension(std::string_view filename);

/// Texts of a `digital_dpv` that Altinn can never take: `submit.document`.
Result<void> check_texts(const domain::Sbd& sbd);

}  // namespace kanal::transports::dpv
