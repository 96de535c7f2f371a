#include "app/node_name.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/ids.hpp"

namespace kanal::app {
namespace {

std::string machine() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  std::string text(name.data());
  for (auto& c : text) c = c == '/' ? '_' : c;
  return text;
}

}  // namespace

Result<NodeName> node_name(const std::filesystem::path& folder) {
  const auto host = machine();
  auto file = store::File::open(folder / ("node-" + host + ".id"), O_RDWR | O_CREAT);
  if (!file) return failed(file);
  NodeName node{host + "/" + new_uuid(), {}};
  if (!file->try_lock()) return node;
  std::array<std::byte, 512> kept{};
  const auto count = file->read_at(kept, 0);
  if (!count) return failed(count);
  const std::string text(text_of(ByteView(kept).first(*count)));
  const auto end = text.find('\n');
  if (end != std::string::npos) {
    node.name = text.substr(0, end);
  } else {
    if (auto written = file->write_all(bytes_of(node.name + "\n")); !written) return failed(written);
    if (auto synced = file->sync(); !synced) return failed(synced);
  }
  node.held = std::move(*file);
  return node;
}

}  // namespace kanal::app
