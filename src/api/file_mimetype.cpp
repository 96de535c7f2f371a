#include "api/file_mimetype.hpp"

#include <algorithm>

#include "api/route_support.hpp"

namespace kanal::api {
namespace {

constexpr std::pair<std::string_view, std::string_view> types_by_extension[] = {
    {"pdf", "application/pdf"},
    {"html", "text/html"},
    {"txt", "text/plain"},
    {"xml", "text/xml"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xltx", "application/vnd.openxmlformats-officedocument.spreadsheetml.template"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"odf", "application/vnd.oasis.opendocument.formula"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"fods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"fodp", "application/vnd.oasis.opendocument.presentation"},
    {"fodg", "application/vnd.oasis.opendocument.graphics"},
    {"gif", "image/gif"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},  // missing in the Java version (rest-api.md 12 no. 30)
    {"png", "image/png"},
    {"zip", "application/octet-stream"},
};

constexpr std::string_view otherwise = "application/pdf";

}  // namespace

std::string file_mimetype(std::string_view declared, std::string_view filename) {
  const bool says_nothing = declared.find_first_not_of(" \t") == std::string_view::npos ||
                            is_media_type(declared, "application/octet-stream");
  if (!says_nothing) return std::string(declared);
  const auto dot = filename.rfind('.');
  std::string extension(dot == std::string_view::npos ? "" : filename.substr(dot + 1));
  std::ranges::transform(extension, extension.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const auto& [known, mimetype] : types_by_extension) {
    if (known == extension) return std::string(mimetype);
  }
  return std::string(otherwise);
}

}  // namespace kanal::api
