// A mail as it goes over the wire: headers and a base64 body.
//   message = From To Date Message-ID Subject MIME-Version Content-Type Content-Transfer-Encoding CRLF body
// RFC 5322; a subject that is not plain ASCII as encoded words (RFC 2047). Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace kanal::net {

struct MailText {
  std::string sender;
  std::vector<std::string> receivers;
  std::string subject;  ///< UTF-8; line breaks and control characters become blanks
  std::string text;     ///< UTF-8
  std::string message_id;
  Time date{};
};

/// Lines end in CRLF and have at most 76 characters; all bytes are ASCII.
[[nodiscard]] std::string mail_message(const MailText& mail);

/// RFC 2047: as it is when it is short printable ASCII, else encoded words joined by CRLF and a blank.
[[nodiscard]] std::string encoded_header_text(std::string_view text);

/// `local@domain` in ASCII, without blanks, quotes, brackets or control characters.
[[nodiscard]] bool is_mail_address(std::string_view address);

/// At most `limit` bytes of `text`, cut between characters.
[[nodiscard]] std::string_view cut_between_characters(std::string_view text, std::size_t limit);

}  // namespace kanal::net
