// Holds answers against openapi.json, so that the document cannot say something else than the program does. Never
// included by product code.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

namespace kanal::api::testing {

/// An answer to one request.
struct ObservedAnswer {
  std::string method;
  std::string target;  ///< with query, percent-encoded
  int status = 0;
  std::string content_type;  ///< empty when absent
  std::string body;
};

/// The document with its schemas made ready. Any thread may check; one after the other.
class Contract {
 public:
  /// openapi.json as it is in the program.
  static const Contract& embedded();
  explicit Contract(boost::json::value document);
  ~Contract();
  Contract(const Contract&) = delete;
  Contract& operator=(const Contract&) = delete;

  /// What the document does not allow in this answer; absent when all is as described.
  [[nodiscard]] std::optional<std::string> breach(const ObservedAnswer& answer) const;
  /// The same for a document of any kind and one of the component schemas.
  [[nodiscard]] std::optional<std::string> mismatch(std::string_view schema, const boost::json::value& value) const;
  /// `GET /api/messages/out`, of all operations, in alphabetical order.
  [[nodiscard]] std::vector<std::string> operations() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kanal::api::testing
