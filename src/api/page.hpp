// The page for people (docs/page.md): static files of web/, embedded at build time, and how they are served. The same
// for an installation and for the overview of the sandbox. Pure functions, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.hpp"

namespace kanal::api {

struct EmbeddedFile {
  std::string_view name;  ///< `index.html`
  std::string_view content;
  std::string_view digest;  ///< changes with the content
};

/// Everything in web/ that a browser needs.
[[nodiscard]] std::span<const EmbeddedFile> page_files();

/// The file with its media type, ETag and Content-Security-Policy; 304 without a body when the request has that ETag
/// already. Nothing for an unknown name.
[[nodiscard]] std::optional<net::Response> page_file(const net::Request& request, std::string_view name);

/// What the page must know before it asks for anything: where things are, and what this visitor may see. It only then
/// asks for what there is.
struct PageContext {
  std::string version;
  std::string management;            ///< path of the management endpoints
  std::vector<std::string> exposed;  ///< of `health`, `metrics`, `channels`, `config`: those that would answer
  std::string overview{};            ///< where a list of installations is; empty: this is one
};

/// As JSON: {"version", "management", "exposed", "overview"}.
[[nodiscard]] net::Response page_context(const PageContext& context);

}  // namespace kanal::api
