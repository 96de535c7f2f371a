// Opens damaged blobs: whatever happens to frames, size, id or key, a source gives the original bytes or an error.
// input = how(1 byte) argument(2 bytes) bytes
#include <array>
#include <cstdlib>
#include <filesystem>

#include "store/spool/frames.hpp"
#include "store/spool/spool.hpp"

namespace {

using namespace kanal;

struct Fixture {
  std::unique_ptr<store::Spool> spool;
  ports::BlobRef ref;
  Bytes content;

  Fixture() {
    crypto::Key256 key{};
    key.fill(std::byte{0x42});
    const auto folder = std::filesystem::temp_directory_path() / "kanal-fuzz-spool";
    spool = std::move(*store::open_spool({folder, key, 4 * store::frame_size}));
    content.resize(store::frame_size + 100);
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::byte>(i * 7);
    auto writer = spool->create({});
    if (!(*writer)->write(content) || !(*writer)->finish()) std::abort();
    ref = (*writer)->ref();
  }
};

void overwrite(Bytes& target, std::size_t at, ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size() && !target.empty(); ++i) target[(at + i) % target.size()] ^= bytes[i];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fixture fixture;
  const auto input = ByteView(reinterpret_cast<const std::byte*>(data), size);
  if (input.size() < 3) return 0;
  const std::size_t argument = static_cast<std::size_t>(data[1]) << 8U | data[2];
  const auto bytes = input.subspan(3);
  auto ref = fixture.ref;
  switch (data[0] % 6) {
    case 0:
      overwrite(ref.inline_frames, argument * 3, bytes);
      break;
    case 1:
      overwrite(ref.wrapped_key, argument, bytes);
      break;
    case 2:
      ref.inline_frames = copy_of(bytes);
      ref.size = argument;
      break;
    case 3:
      ref.wrapped_key = copy_of(bytes);
      break;
    case 4:
      ref.id = BlobId(std::string(text_of(bytes)));
      break;
    default:
      ref.size = argument;
      ref.inline_frames.resize(static_cast<std::size_t>(store::sealed_size(argument).value_or(0)));
  }
  auto source = fixture.spool->open(ref);
  if (!source) return 0;
  if ((*source)->size() > 0 && (*source)->seek(argument % (*source)->size())) {
    std::array<std::byte, 100> some{};
    (void)(*source)->read(some).has_value();
  }
  if (!(*source)->seek(0)) std::abort();
  const auto read = read_all(**source, std::uint64_t{1} << 24U);
  if (read && *read != fixture.content) std::abort();
  return 0;
}
