#include "cli/cli.h"

#include "wire/codec.h"
#include "wire/keyfile.h"
#include "wire/sign.h"

#include <stdio.h>

static int wrong_name(const struct cli *cli, const char *name)
{
    cli_say(cli,
            "%s: perlu INSTANSI/PERANGKAT, masing-masing 2 sampai 31 huruf kecil, angka atau '-', "
            "diawali huruf, misalnya satpolpp/posko-1",
            "%s: want AGENCY/DEVICE, each 2 to 31 of a-z, 0-9 and '-', a letter first, as "
            "satpolpp/posko-1",
            name);
    return EXIT_USAGE;
}

int cmd_keygen(struct cli *cli, int argc, char **argv)
{
    if (!cli_options(cli, &argc, argv, NULL, 0) || argc != 3)
        return cli_usage(argv[0]);
    char agency[SG_AGENCY_MAX + 1] = "";
    const char *slash = strchr(argv[1], '/');
    size_t len = slash ? (size_t)(slash - argv[1]) : 0;
    if (len == 0 || len > SG_AGENCY_MAX)
        return wrong_name(cli, argv[1]);
    memcpy(agency, argv[1], len);
    const char *device = slash + 1;
    if (!sg_agency_valid(sg_bytes_of(agency)) || !sg_agency_valid(sg_bytes_of(device)))
        return wrong_name(cli, argv[1]);

    SG_AUTO(sg_device_key_free) struct sg_device_key *key = NULL;
    struct sg_why why = {0};
    enum sg_err err = sg_crypto_init(&why);
    if (!err)
        err = sg_device_key_make(agency, device, &key, &why);
    if (!err)
        err = sg_device_key_write(argv[2], key, &why);
    if (err) {
        cli_say(cli, "%s", "%s", why.text);
        return EXIT_LOCAL;
    }
    char curve[2 * SG_KEY_BYTES + 1], sign[2 * SG_KEY_BYTES + 1];
    sg_hex_print(key->curve_public, SG_KEY_BYTES, curve);
    sg_hex_print(key->sign_public, SG_KEY_BYTES, sign);
    printf("# agency %s\n{ name = \"%s\"; curve = \"%s\"; sign = \"%s\"; not_before = \"\"; "
           "not_after = \"\"; },\n",
           agency, device, curve, sign);
    return EXIT_DONE;
}
