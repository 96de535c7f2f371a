// /manage/loggers: there is one logger, and its level may be changed while the program runs; /manage/logfile.
#include <fstream>

#include <boost/json/parse.hpp>

#include "api/route_support.hpp"
#include "ops/log_line.hpp"

namespace kanal::api {
namespace {

namespace json = boost::json;

constexpr std::string_view root = "ROOT";
constexpr std::size_t max_body = 4096;

std::optional<LogLevel> level_of(std::string_view name) {
  if (name == "TRACE" || name == "DEBUG") return LogLevel::debug;
  if (name == "INFO") return LogLevel::info;
  if (name == "WARN") return LogLevel::warning;
  if (name == "ERROR") return LogLevel::error;
  return std::nullopt;
}

json::object logger_json(const ops::ManagedLog& log) {
  const auto level = ops::label_of(log.level());
  return {{"configuredLevel", level}, {"effectiveLevel", level}};
}

net::Response set_level(const ApiParts& parts, const net::Request& request, const Bytes& body) {
  boost::system::error_code error;
  const auto value = json::parse(text_of(body), error);
  const auto* const wanted = !error && value.is_object() ? value.get_object().if_contains("configuredLevel") : nullptr;
  auto level = std::optional(LogLevel::info);  // null puts the default back
  if (error || !value.is_object() || (wanted != nullptr && !wanted->is_null() && !wanted->is_string())) {
    level.reset();
  } else if (wanted != nullptr && wanted->is_string()) {
    level = level_of(wanted->get_string());
  }
  if (!level) {
    return error_response(parts, request,
                          type_mismatch({"configuredLevel", std::string(text_of(body).substr(0, 64)),
                                         "one of TRACE, DEBUG, INFO, WARN, ERROR"}));
  }
  parts.settings.management.log->set_level(*level);
  parts.log.warning("log_level_changed", {{"level", ops::label_of(*level)}});
  return empty_response(204);
}

/// What is in the file now; it may grow meanwhile.
class FileSource final : public Source {
 public:
  FileSource(std::ifstream file, std::uint64_t size) : file_(std::move(file)), left_(size) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    const auto wanted = std::min<std::uint64_t>(into.size(), left_);
    file_.read(reinterpret_cast<char*>(into.data()), static_cast<std::streamsize>(wanted));
    const auto got = static_cast<std::size_t>(file_.gcount());
    left_ -= got;
    return got;
  }

 private:
  std::ifstream file_;
  std::uint64_t left_;
};

Answer log_file(const ApiParts& parts, const net::Request& request) {
  if (!is_operator(parts, request)) return for_operators_only(parts, request);
  const auto& path = *parts.settings.management.log_file;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) return empty_response(404);
  net::Response response;
  response.headers.emplace_back("Content-Type", "text/plain;charset=utf-8");
  response.body = std::make_unique<FileSource>(std::move(file), size);
  return response;
}

}  // namespace

void add_logger_routes(net::Router& router, const ApiParts& parts) {
  const auto& management = parts.settings.management;
  if (management.log_file && is_exposed(management, "logfile")) {
    router.add("GET", management.base_path + "/logfile",
               [&parts](const RequestPtr& request, const auto&) -> Answer { return log_file(parts, *request); });
  }
  if (management.log == nullptr || !is_exposed(management, "loggers")) return;
  const auto all = management.base_path + "/loggers";
  router.add("GET", all, [&management](const RequestPtr&, const auto&) -> Answer {
    return json_response(200, json::object{{"levels", json::array{"ERROR", "WARN", "INFO", "DEBUG", "TRACE"}},
                                           {"loggers", json::object{{root, logger_json(*management.log)}}},
                                           {"groups", json::object{}}});
  });
  router.add("GET", all + "/{name}", [&management](const RequestPtr&, const auto& variables) -> Answer {
    auto told = logger_json(*management.log);
    if (variables.front() != root) told.erase("configuredLevel");
    return json_response(200, told);
  });
  router.add("POST", all + "/{name}", [&parts](const RequestPtr& request, const auto& variables) -> Answer {
    if (!is_operator(parts, *request)) return for_operators_only(parts, *request);
    if (variables.front() != root) {
      return error_response(parts, *request,
                            type_mismatch({"name", variables.front(), "ROOT, the only logger there is"}));
    }
    return net::collect_body(
        max_body, [&parts, request](const Bytes& body) { return set_level(parts, *request, body); },
        [&parts, request] { return error_response(parts, *request, too_large("A level takes less")); });
  });
}

}  // namespace kanal::api
