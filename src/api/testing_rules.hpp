// One documented rule of the API as one row: what is asked, and what is answered, to the letter. Never included by
// product code.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "api/testing_stage.hpp"

namespace kanal::api::testing {

/// The stage with its doors open: rules are functions outside of it.
class RuleStage : public ApiStage {
 public:
  using ApiStage::arrive;
  using ApiStage::call;
  using ApiStage::call_chunked;
  using ApiStage::certificate;
  using ApiStage::clock;
  using ApiStage::compose;
  using ApiStage::create;
  using ApiStage::directory;
  using ApiStage::files_of;
  using ApiStage::get;
  using ApiStage::jobs;
  using ApiStage::post_json;
  using ApiStage::put;
  using ApiStage::put_file;
  using ApiStage::serve;
  using ApiStage::statuses;
  using ApiStage::transport;
};

/// One member of `errors`.
struct BrokenRule {
  std::string code;
  std::string field;
  std::string text;
  std::vector<std::string> codes{};  ///< empty: not compared
};

struct Rule {
  std::string name;     ///< of the test: letters, digits, underscores
  std::string section;  ///< of rest-api.md unless it begins with `messages`
  std::function<Reply(RuleStage&)> ask;
  int status;
  std::string exception{};  ///< full class name
  std::string message{};
  std::vector<BrokenRule> errors{};
  std::string description{};
};

inline void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.section << " " << rule.name; }

namespace exception {
inline const std::string not_readable = "org.springframework.http.converter.HttpMessageNotReadableException";
inline const std::string not_valid = "org.springframework.web.bind.MethodArgumentNotValidException";
inline const std::string constraint = "jakarta.validation.ConstraintViolationException";
inline const std::string mismatch = "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException";
inline const std::string media_type = "org.springframework.web.HttpMediaTypeNotSupportedException";
inline const std::string method = "org.springframework.web.HttpRequestMethodNotSupportedException";
inline const std::string no_resource = "org.springframework.web.servlet.resource.NoResourceFoundException";
inline const std::string no_header = "org.springframework.web.bind.MissingRequestHeaderException";
inline const std::string no_parameter = "org.springframework.web.bind.MissingServletRequestParameterException";
inline const std::string too_large = "org.springframework.web.multipart.MaxUploadSizeExceededException";
inline std::string own(const std::string& name) { return own_exceptions + name; }
}  // namespace exception

/// A form as clients send it.
struct FormPart {
  std::string disposition;  ///< behind `form-data; `
  std::string content;
  std::string type{};
};
inline Reply post_form(RuleStage& stage, const std::vector<FormPart>& parts) {
  std::string body;
  for (const auto& part : parts) {
    body += "--b0undary\r\nContent-Disposition: form-data; " + part.disposition + "\r\n";
    if (!part.type.empty()) body += "Content-Type: " + part.type + "\r\n";
    body += "\r\n" + part.content + "\r\n";
  }
  return stage.call("POST", "/api/messages/out/multipart", body + "--b0undary--\r\n",
                    {{"Content-Type", "multipart/form-data; boundary=b0undary"}});
}
inline FormPart sbd_form(const json::value& document = sbd()) {
  return {"name=\"sbd\"", json::serialize(document), "application/json"};
}
inline FormPart file_form(const std::string& filename, std::string content = "x") {
  return {"name=\"Tittel\"; filename=\"" + filename + "\"", std::move(content), {}};
}

std::vector<Rule> create_rules();
std::vector<Rule> header_rules();
std::vector<Rule> file_rules();
std::vector<Rule> send_rules();
std::vector<Rule> inbox_rules();
std::vector<Rule> query_rules();
std::vector<Rule> http_rules();

}  // namespace kanal::api::testing
